import type { Plan } from './plan.ts';
import type { LuaEngine } from './redis/lua-engine.ts';
import { type Simulation, simulate } from './simulate.ts';

const MOST_TRIES = 150;

/**
 * Leaves out verifications, faults, answers and lies, as long as the same promise is broken: first halves, then quarters, in
 * the end one by one (delta debugging).
 */
export async function shrink(failing: Simulation, engine: LuaEngine): Promise<Simulation> {
  const broken = new Set(failing.breaches.map(({ invariant }) => invariant));
  let tries = 0;
  let best = failing;
  const tryPlan = async (plan: Plan): Promise<boolean> => {
    if (tries >= MOST_TRIES || plan.orders.length === 0) return false;
    tries += 1;
    const simulation = await simulate(plan, { engine }).catch(() => null);
    if (simulation === null || !simulation.breaches.some(({ invariant }) => broken.has(invariant)))
      return false;
    best = simulation;
    return true;
  };
  await leaveOut(
    () => best.plan.faults,
    (faults) => tryPlan({ ...best.plan, faults }),
  );
  await leaveOut(
    () => best.plan.orders,
    (orders) => tryPlan({ ...best.plan, orders }),
  );
  await leaveOut(
    () => best.plan.faults,
    (faults) => tryPlan({ ...best.plan, faults }),
  );
  for (const { job } of best.plan.orders) {
    const replace = (change: (order: Plan['orders'][number]) => Plan['orders'][number]) =>
      tryPlan({
        ...best.plan,
        orders: best.plan.orders.map((order) => (order.job === job ? change(order) : order)),
      });
    await replace((order) => ({ ...order, lies: [] }));
    await replace((order) => ({ ...order, answers: order.answers.slice(-1) }));
  }
  return best;
}

async function leaveOut<Item>(
  present: () => readonly Item[],
  keep: (items: readonly Item[] & Item[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(present().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < present().length; ) {
      const items = present();
      const without = [...items.slice(0, at), ...items.slice(at + size)];
      if (!(await keep(without))) at += size;
    }
  }
}
