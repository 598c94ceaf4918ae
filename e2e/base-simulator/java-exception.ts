/** What a base puts into its answers when Java throws. The last "Caused by:" is the one that tells a user something. */
export interface JavaException {
  readonly type: string
  readonly message?: string
  readonly frames?: readonly string[]
  readonly cause?: JavaException
}

/** What `Throwable.toString()` says. */
export const javaText = (e: JavaException): string => (e.message === undefined ? e.type : `${e.type}: ${e.message}`)

const WORKER_FRAMES = [
  'com.alipay.sofa.koupleless.arklet.core.command.CommandServiceImpl.process(CommandServiceImpl.java:180)',
  'com.alipay.sofa.koupleless.arklet.tunnel.mqtt.paho.MqttMessageHandler.handleBizOperation(MqttMessageHandler.java:221)',
  'com.alipay.sofa.koupleless.arklet.tunnel.mqtt.paho.MqttMessageHandler.handleCommand(MqttMessageHandler.java:200)',
  'com.alipay.sofa.koupleless.arklet.tunnel.mqtt.paho.PahoMqttClient$PahoMqttCallback.lambda$messageArrived$0(PahoMqttClient.java:172)',
  'java.base/java.util.concurrent.FutureTask.run(FutureTask.java:264)',
  'java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)',
  'java.base/java.lang.Thread.run(Thread.java:840)',
]
const OPERATION_FRAMES = [
  'com.alipay.sofa.ark.api.ArkClient.doInstallOperation(ArkClient.java:384)',
  'com.alipay.sofa.ark.api.ArkClient.installOperation(ArkClient.java:370)',
  'com.alipay.sofa.koupleless.arklet.core.ops.UnifiedOperationServiceImpl.install(UnifiedOperationServiceImpl.java:73)',
]

export function stackTrace(e: JavaException): string {
  const lines: string[] = []
  let head = ''
  let frames = WORKER_FRAMES
  for (let at: JavaException | undefined = e; at; at = at.cause) {
    lines.push(head + javaText(at), ...[...(at.frames ?? []), ...frames].map(frame => `\tat ${frame}`))
    if (head) lines.push('\t... 10 more')
    head = 'Caused by: '
    frames = OPERATION_FRAMES
  }
  return `${lines.join('\n')}\n`
}

/** How Arklet wraps whatever an operation throws: the wrapper's message is the text of its cause. */
export const arkletRuntimeException = (cause: JavaException): JavaException => ({
  type: 'com.alipay.sofa.koupleless.arklet.core.common.exception.ArkletRuntimeException',
  message: javaText(cause),
  cause,
})

export const commandInvalid = (message: string): JavaException => ({
  type: 'com.alipay.sofa.koupleless.arklet.core.common.exception.CommandValidationException',
  message,
})

/** fastjson gives null for a command it cannot map, and Arklet looks into it unasked. */
export const inputIsNull = (handler: string): JavaException => ({
  type: 'java.lang.NullPointerException',
  message:
    `Cannot invoke "com.alipay.sofa.koupleless.arklet.core.command.builtin.handler.${handler}$Input.isAsync()" ` +
    'because "input" is null',
})

/** A module whose main throws: the wrapper of reflection has no message of its own. */
export const mainThrew = (mainClass: string, cause: JavaException): JavaException => ({
  type: 'java.lang.reflect.InvocationTargetException',
  frames: ['java.base/java.lang.reflect.Method.invoke(Method.java:569)'],
  cause: { ...cause, frames: [`${mainClass}.main(${mainClass.slice(mainClass.lastIndexOf('.') + 1)}.java:6)`] },
})
