PillionCommand.main()
