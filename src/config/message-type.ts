/** A configuration message type: what an `Any` names and what its decoded value looks like. */
export interface MessageType<Message> {
  /** `type.googleapis.com/envoy.…` */
  readonly typeUrl: string
  /** Carries the type only; never set. */
  readonly shape?: Message
}
