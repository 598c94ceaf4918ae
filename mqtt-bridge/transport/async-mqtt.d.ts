// async-mqtt 2.6.3 ships typings for mqtt 4 only: an ambient module goes before them. (A tsconfig `paths` entry would do for
// the compiler, but loaders that honour it would then run this file.)
declare module 'async-mqtt' {
  import type {
    IClientOptions,
    IClientPublishOptions,
    IClientSubscribeOptions,
    IClientSubscribeProperties,
    IConnackPacket,
    IDisconnectPacket,
    IPublishPacket,
    ISubscriptionGrant,
    ISubscriptionMap,
    MqttClient,
    Packet,
  } from 'mqtt'

  type Events = {
    connect: [IConnackPacket]
    message: [topic: string, payload: Buffer, packet: IPublishPacket]
    error: [Error]
    disconnect: [IDisconnectPacket]
    reconnect: []
    close: []
    offline: []
    end: []
    packetsend: [Packet]
    packetreceive: [Packet]
    outgoingEmpty: []
  }
  export class AsyncClient {
    constructor(client: MqttClient)
    handleMessage: MqttClient['handleMessage']
    readonly connected: boolean
    readonly reconnecting: boolean
    publish(topic: string, message: string | Buffer, opts?: IClientPublishOptions): Promise<Packet | undefined>
    subscribe(
      topic: string | string[] | ISubscriptionMap,
      opts?: IClientSubscribeOptions | IClientSubscribeProperties,
    ): Promise<ISubscriptionGrant[]>
    unsubscribe(topic: string | string[]): Promise<Packet | undefined>
    end(force?: boolean, opts?: Partial<IDisconnectPacket>): Promise<void>
    reconnect(): unknown
    on<K extends keyof Events>(event: K, cb: (...args: Events[K]) => void): this
    once<K extends keyof Events>(event: K, cb: (...args: Events[K]) => void): this
    off<K extends keyof Events>(event: K, cb: (...args: Events[K]) => void): this
    removeListener<K extends keyof Events>(event: K, cb: (...args: Events[K]) => void): this
    removeAllListeners(event?: keyof Events): this
    removeOutgoingMessage(mid: number): unknown
    getLastMessageId(): number
  }
  const asyncMqtt: {
    AsyncClient: typeof AsyncClient
    connect(url: string, opts?: IClientOptions): AsyncClient
    /** Host and port apart: a URL cannot carry an IPv6 address through mqtt's parser. */
    connect(opts: IClientOptions): AsyncClient
    connectAsync(url: string, opts?: IClientOptions, allowRetries?: boolean): Promise<AsyncClient>
  }
  export default asyncMqtt // CJS object: named imports other than types fail at run time
}
