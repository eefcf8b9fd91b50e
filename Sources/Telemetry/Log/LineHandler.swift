import Logging

/// Passes swift-log's messages on to the process log. The level is the component's, whichever logger asks.
struct LineHandler: LogHandler {
  let log: ProcessLog
  let component: ProcessLog.Component
  var metadata: Logger.Metadata = [:]

  var logLevel: Logger.Level {
    get { component.level.threshold }
    set { component.level = LogLevel(newValue) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let level = LogLevel(event.level)
    guard level >= component.level else { return }
    var text = event.message.description
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
      text += " \(key)=\(value)"
    }
    log.write(level, component.name, text)
  }
}
