PillionCommand.runAndExit()
