/// Programs that documents call and tests do not: of these only the syntax and the files that they
/// name are checked.
enum NotRun {
  /// Program, and why it is not run.
  static let reasons: [String: String] = [
    "make": "builds and tests the project, or measures it for minutes",
    "swift": "builds and tests the project, from inside of a test",
    "scripts/bootstrap": "installs packages",
    "scripts/screenshots": "needs a browser and some minutes",
    "scripts/fuzz-api": "needs a fuzzer from the network",
    "docker": "needs a container engine", "podman": "needs a container engine",
    "kubectl": "needs a cluster", "kustomize": "comes with clusters", "helm": "needs a cluster",
    "systemctl": "needs systemd, and changes the machine",
    "journalctl": "needs systemd", "systemd-analyze": "needs systemd",
    "systemd-creds": "needs systemd", "systemd-sysusers": "changes the machine",
    "systemd-tmpfiles": "changes the machine", "systemd-run": "needs systemd",
    "loginctl": "needs systemd",
    "apt-get": "installs packages", "apt": "installs packages",
    "useradd": "changes the machine", "chown": "needs users that the machine does not have",
    "usermod": "changes the machine", "crontab": "changes the machine",
    "mount": "changes the machine", "sysctl": "changes the machine", "dd": "writes to devices",
    "valgrind": "takes minutes", "perf": "needs rights that tests do not have",
    "git": "changes the checkout, or needs the network",
    "ssh": "needs another machine", "scp": "needs another machine",
    "rsync": "needs another machine",
    "kafka-topics.sh": "needs Kafka itself", "kafka-configs.sh": "needs Kafka itself",
    "kafka-consumer-groups.sh": "needs Kafka itself", "kafka-acls.sh": "needs Kafka itself",
    "kafka-reassign-partitions.sh": "needs Kafka itself", "kafka-storage.sh": "needs Kafka itself",
    "kafka-console-producer.sh": "needs Kafka itself",
  ]

  /// Folders whose programs take too long for a test, by the beginning of their path.
  private static let folders = ["Benchmarks/.build/"]

  /// The first program of `command` that is not run; nil where all are.
  static func program(in command: String) -> String? {
    ShellText.commands(command).compactMap(ShellText.program).first { program in
      let name = program.hasPrefix("./") ? String(program.dropFirst(2)) : program
      return reasons[name] != nil || folders.contains { name.hasPrefix($0) }
    }
  }
}
