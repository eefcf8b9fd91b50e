import ArgumentParser
import Interception

/// `pillion doctor`: what of interception this machine allows.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Try what `run -- APP` needs of this machine, and say what does not work, why, and what mends it.")

  @Flag(help: "For programs.")
  var json = false

  @Flag(help: "Print an AppArmor profile that lets this program make user namespaces (Ubuntu).")
  var apparmor = false

  func run() throws {
    if apparmor { return print(AppArmorProfile.text) }
    let examination = try Examination.run()
    print(json ? examination.json : examination.text)
    if !examination.canCapture { throw ExitCode(1) }
  }
}
