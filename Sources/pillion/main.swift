import Interception

// First of all: the agent of interception is this program too, and may have one thread only.
AgentEntry.enterIfAsked(CommandLine.argc, CommandLine.unsafeArgv)
PillionCommand.runAndExit()
