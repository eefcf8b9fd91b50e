/// `envoy.config.core.v3.Http2ProtocolOptions`, on either side.
package struct Http2ProtocolOptions: Sendable {
  /// Bytes of the dynamic table; 0: none.
  package var hpackTableSize: UInt32 = 4096
  /// Downstream what a client may open at once; upstream what is opened at once, where the peer allows no less.
  package var maxConcurrentStreams: UInt32 = 1024
  /// Absent: the buffer limit of the connection, not Envoy's 16 MiB (docs/RATIONALE.md).
  package var initialStreamWindowSize: UInt32?
  package var initialConnectionWindowSize: UInt32 = 25_165_824
  package var allowConnect = false
  /// Frames of all kinds that wait to be written.
  package var maxOutboundFrames: UInt32 = 10_000
  /// Those of them that are PING, SETTINGS or RST_STREAM.
  package var maxOutboundControlFrames: UInt32 = 1_000
  package var maxConsecutiveInboundFramesWithEmptyPayload: UInt32 = 1
  package var maxInboundPriorityFramesPerStream: UInt32 = 100
  package var maxInboundWindowUpdateFramesPerDataFrameSent: UInt32 = 10
  /// Whether an invalid message ends its stream only, and not the connection. Absent: as the connection manager says.
  package var overrideStreamErrorOnInvalidHttpMessage: Bool?
  package var connectionKeepalive: KeepaliveSettings?

  package init() {}
}

/// `envoy.config.core.v3.KeepaliveSettings`: PINGs that see whether a connection still lives.
package struct KeepaliveSettings: Sendable {
  /// Absent: no PINGs at intervals.
  package var interval: Duration?
  /// How long an answer may take.
  package var timeout: Duration = .zero
  /// In percent of the interval, added to it at random.
  package var intervalJitter = 15.0
  /// A connection that was quiet for so long is asked before its next stream. Absent: none is.
  package var connectionIdleInterval: Duration?

  package init() {}
}
