import StreamCore

/// Where sampled users of keyed topics were seen, to find those that were in two partitions.
struct UserPlaces {
  private struct User: Hashable {
    let topic: String
    let hash: UInt64
  }

  private var places: [User: Int32] = [:]
  private var torn: Set<User> = []
  /// Users that are remembered: some hundred million, one in 1,024 of whom is sampled.
  private static let limit = 200_000

  /// Users seen in more than one partition of a topic.
  var tornCount: Int { torn.count }

  /// Takes note of users that a partition has seen.
  mutating func note(_ hashes: [UInt64], in partition: PartitionID) {
    for hash in hashes {
      let user = User(topic: partition.topic, hash: hash)
      if let known = places[user] {
        if known != partition.partition { torn.insert(user) }
      } else if places.count < Self.limit {
        places[user] = partition.partition
      }
    }
  }
}
