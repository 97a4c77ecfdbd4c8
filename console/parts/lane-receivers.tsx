import { MOST_OPERATOR_ENDPOINTS, operatorEventTypes } from '../../shared/contract/event-type.ts';
import type { OperatorEndpoints } from '../../shared/contract/operator-endpoint.ts';
import { texts } from '../texts/texts.tsx';
import { useRead } from './list.tsx';
import { ReceiverList } from './receiver-list.tsx';

/** How far they are changes without the operator. */
const AGAIN_MS = 5_000;

/** Where it is posted that the lane asks nothing, and that it asks again. */
export function LaneReceivers() {
  const { value, failure } = useRead<OperatorEndpoints>('/operator-endpoints', AGAIN_MS);
  const t = texts.value.laneReceivers;
  return (
    <ReceiverList
      title={t.title}
      help={t.help}
      none={t.none}
      urlHelp={t.urlHelp}
      path="/operator-endpoints"
      endpoints={value?.data ?? null}
      most={MOST_OPERATOR_ENDPOINTS}
      failure={failure}
      choices={Object.values(operatorEventTypes)}
    />
  );
}
