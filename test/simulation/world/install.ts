/** To be imported before anything that takes a timer, a socket or a random number from Node. */
import './real-clock.ts';
import { quietNode } from './quiet-node.ts';
import { installVirtualNetwork } from './virtual-network.ts';
import { installVirtualRandomness } from './virtual-randomness.ts';
import { installVirtualStorage } from './virtual-storage.ts';
import { installVirtualTime } from './virtual-time.ts';
import { installVirtualUuid } from './virtual-uuid.ts';

installVirtualUuid();
installVirtualTime();
installVirtualStorage();
installVirtualRandomness();
installVirtualNetwork();
quietNode();
