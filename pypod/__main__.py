from pypod.cli.entry import main

main()
