import ArgumentParser

struct Look: ParsableCommand {
  @OptionGroup var choices: InspectChoices
}
