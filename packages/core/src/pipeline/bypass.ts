import type { ReadPlan } from '../plan/plan.ts'
import type { BypassReason } from '../report/events.ts'

/** Why a read must not ask the cache, as far as the plan alone tells. Pure. */
export function bypassOf(
  plan: Pick<ReadPlan<unknown>, 'bypass' | 'policy' | 'operation'>,
): BypassReason | undefined {
  if (plan.bypass) return plan.bypass
  if (!plan.policy) return 'no-policy'
  const { operations } = plan.policy
  if (!operations) return undefined
  return operations.has(plan.operation.slice(plan.operation.lastIndexOf('.') + 1)) ? undefined : 'disabled'
}
