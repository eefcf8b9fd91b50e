import EnvoyConfig
import Telemetry

/// What the decoder cannot judge by itself: format strings, and files to log to.
package enum ProxyChecks {
  package static let all = ConfigChecks(
    format: { text in
      do throws(SubstitutionFormatError) {
        _ = try SubstitutionFormat(text)
        return nil
      } catch {
        return ConfigProblem(error.message)
      }
    },
    logPath: { path in
      do throws(OutputError) {
        _ = try AccessLogFiles(store: StatsStore()).open(path)
        return nil
      } catch {
        return ConfigProblem(error.description, allowed: "a path that this user may write to is needed")
      }
    })
}
