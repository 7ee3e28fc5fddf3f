#include "plan.hpp"

namespace weir {
namespace {

size_t hash(key_words words, size_t length) {
  const uint64_t h =
      (words.head ^ (words.tail + length) * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  return static_cast<size_t>(h >> 32);
}

}  // namespace

entry *node::look_up(key_words words, const uint8_t *key, size_t length) {
  for (size_t at = hash(words, length) & mask_;; at = (at + 1) & mask_) {
    const int32_t index = table_[at];
    if (index < 0) return nullptr;
    entry &e = entries[static_cast<size_t>(index)];
    if (e.length == length && e.words == words &&
        (length <= 16 || memcmp(e.key.data(), key, length) == 0)) {
      return &e;
    }
  }
}

entry &node::at(const std::string &key) {
  const auto *bytes = reinterpret_cast<const uint8_t *>(key.data());
  const key_words words = key_words::of(bytes, key.size(), bytes + key.size());
  if (entry *found = look_up(words, bytes, key.size())) return *found;
  entry e;
  e.key = key;
  e.length = static_cast<uint32_t>(key.size());
  e.words = words;
  entries.push_back(e);
  rebuild();
  return entries.back();
}

void node::rebuild() {
  size_t size = 2;
  while (size < 2 * (entries.size() + 1)) size *= 2;
  table_.assign(size, -1);
  mask_ = size - 1;
  guesses_.assign(guess_count, guess{});
  for (size_t i = 0; i < entries.size(); i++) {
    size_t at = hash(entries[i].words, entries[i].length) & mask_;
    while (table_[at] >= 0) at = (at + 1) & mask_;
    table_[at] = static_cast<int32_t>(i);
  }
}

void add_path(std::vector<node> &nodes, const std::vector<std::string> &path, int32_t slot) {
  size_t at = 0;
  for (size_t step = 0; step < path.size(); step++) {
    nodes[at].slots_below.push_back(slot);
    entry &entry = nodes[at].at(path[step]);
    if (step + 1 == path.size()) {
      entry.slot = slot;
    } else if (entry.child < 0) {
      entry.child = static_cast<int32_t>(nodes.size());
      at = nodes.size();
      nodes.emplace_back();
    } else {
      at = static_cast<size_t>(entry.child);
    }
  }
}

}  // namespace weir
