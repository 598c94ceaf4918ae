/** Every metric of the operator that a reconciler counts; `operator/http/metrics.ts` registers exactly these and its gauges. */
export const COUNTERS = {
  koupleless_commands_total: { help: 'Commands sent to bases', labels: ['command'] },
  koupleless_command_answers_total: { help: 'Answers of bases to commands', labels: ['command', 'outcome'] },
  koupleless_command_deadlines_total: { help: 'Commands that no base answered in time', labels: ['command'] },
  koupleless_frames_total: { help: 'Messages received from bases', labels: ['kind'] },
  koupleless_frames_refused_total: { help: 'Messages refused at the door', labels: ['code'] },
  koupleless_api_requests_total: { help: 'Requests to the API server', labels: ['verb', 'resource', 'code'] },
  koupleless_events_dropped_total: { help: 'Kubernetes Events not written: rate limit or refused', labels: ['reason'] },
  koupleless_reconciles_total: { help: 'Reconcile runs', labels: ['controller', 'result'] },
  koupleless_bases_lost_total: { help: 'Bases declared dead', labels: ['reason'] },
  koupleless_pods_evicted_total: { help: 'Module Pods deleted because their base died', labels: [] },
  koupleless_modules_swept_total: { help: 'Unclaimed modules uninstalled', labels: [] },
  koupleless_objects_refused_total: { help: 'Objects of the API server not understood', labels: ['resource', 'code'] },
  koupleless_watch_restarts_total: { help: 'Watches begun anew', labels: ['resource', 'reason'] },
  koupleless_log_lines_dropped_total: { help: 'Log lines dropped: reader stalled, or flood', labels: ['reason'] },
} as const
export type CounterName = keyof typeof COUNTERS

export const HISTOGRAMS = {
  koupleless_install_seconds: { help: 'installBiz sent to module active', labels: ['outcome'] },
  koupleless_uninstall_seconds: { help: 'uninstallBiz sent to module gone', labels: [] },
  koupleless_pod_bound_to_command_seconds: { help: 'Pod seen on its base to first command sent', labels: [] },
  koupleless_answer_to_status_seconds: { help: 'Answer of a base to the Pod status that shows it', labels: [] },
  koupleless_reconcile_seconds: { help: 'Time of one reconcile run', labels: ['controller'] },
  koupleless_api_request_seconds: { help: 'Time of one request to the API server', labels: ['verb', 'resource'] },
  koupleless_queue_wait_seconds: { help: 'Key due to its reconcile begun', labels: ['controller'] },
} as const
export type HistogramName = keyof typeof HISTOGRAMS
