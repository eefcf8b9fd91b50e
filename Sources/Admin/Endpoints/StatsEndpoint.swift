import EnvoyConfig
import Telemetry

/// /stats and /stats/prometheus.
enum StatsEndpoint {
  enum Format: String {
    case text, json, prometheus, html
    case activeHTML = "active-html"
  }

  private struct Refusal: Error {
    let text: String
  }

  /// - Parameter asked: the path's own format, over the parameter's.
  static func respond(
    _ request: AdminRequest, _ target: any AdminTarget, asked: Format? = nil
  ) -> AdminResponse {
    do throws(Refusal) {
      let format = if let asked { asked } else { try format(request) }
      let filter = try filter(request)
      let mode = try bucketMode(request, format)
      return render(target.stats, filter, format, mode, textReadouts: request["text_readouts"] != nil)
    } catch {
      return .badRequest(error.text)
    }
  }

  private static func render(
    _ stats: StatsStore, _ filter: StatsFilter, _ format: Format, _ mode: HistogramBucketMode?, textReadouts: Bool
  ) -> AdminResponse {
    switch format {
    case .text: return AdminResponse(StatsText.render(stats.samples(filter), mode ?? .summary))
    case .json: return AdminResponse(StatsJSON.render(stats.samples(filter), mode), contentType: .json)
    case .prometheus:
      var all = filter
      all.type = .all
      let samples = stats.samples(all)
      return AdminResponse(
        StatsPrometheus.render(samples, summary: mode == .summary, textReadouts: textReadouts))
    case .html, .activeHTML:
      let text = HTMLText.escaped(StatsText.render(stats.samples(filter), mode ?? .summary))
      let page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Envoy Admin</title></head>\n<body>\n<pre>\n"
      return AdminResponse(page + text + "</pre>\n</body>\n</html>\n", contentType: .html)
    }
  }

  private static func format(_ request: AdminRequest) throws(Refusal) -> Format {
    guard let name = request.nonEmpty("format") else { return .text }
    guard let format = Format(rawValue: name) else {
      throw Refusal(text: "usage: /stats?format=(html|active-html|json|prometheus|text)\n\n")
    }
    return format
  }

  private static func filter(_ request: AdminRequest) throws(Refusal) -> StatsFilter {
    if let hidden = request.nonEmpty("hidden"), !["include", "only", "exclude"].contains(hidden) {
      throw Refusal(text: "usage: /stats?hidden=(include|only|exclude)\n\n")
    }
    guard let type = request.nonEmpty("type").map({ StatsType(rawValue: $0) }) ?? .all else {
      throw Refusal(text: "invalid &type= param")
    }
    let matches = try pattern(request)
    // Pillion hides no stat.
    return StatsFilter(
      usedOnly: request["usedonly"] != nil, type: type, matches: request["hidden"] == "only" ? { _ in false } : matches)
  }

  private static func pattern(_ request: AdminRequest) throws(Refusal) -> (String) -> Bool {
    guard let text = request.nonEmpty("filter") else { return { _ in true } }
    let inverted = request["invert_filter"] != nil
    do throws(SafeRegex.CompileError) {
      let regex = try SafeRegex(text)
      return { regex.matches($0) != inverted }
    } catch {
      throw Refusal(text: "Invalid re2 regex: \(error.text)")
    }
  }

  private static func bucketMode(
    _ request: AdminRequest, _ format: Format
  ) throws(Refusal) -> HistogramBucketMode? {
    guard let name = request.nonEmpty("histogram_buckets") else { return nil }
    let mode = HistogramBucketMode(rawValue: name)
    guard mode != nil || name == "none" || name == "prometheusnative" else {
      throw Refusal(
        text: "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary|prometheusnative)\n\n")
    }
    guard format == .prometheus else {
      if name != "prometheusnative" { return mode }
      throw Refusal(text: "Invalid histogram_buckets type for non prometheus stats type")
    }
    switch name {
    case "cumulative": return .cumulative
    case "none", "summary": return .summary
    default: throw Refusal(text: "unsupported prometheus histogram bucket mode")
    }
  }
}

extension SafeRegex {
  /// Whether some part of the text matches.
  func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { partialMatch(UnsafeRawBufferPointer($0)) }
  }
}
