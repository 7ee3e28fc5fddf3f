#include "plan.hpp"

namespace weir {

entry &node::at(const std::string &key) {
  const auto *bytes = reinterpret_cast<const uint8_t *>(key.data());
  if (entry *found = find(bytes, key.size(), bytes + key.size())) return *found;
  entry e;
  e.key = key;
  e.length = static_cast<uint32_t>(key.size());
  e.words = key_words::of(bytes, key.size(), bytes + key.size());
  entries.push_back(e);
  rebuild();
  return entries.back();
}

void node::rebuild() {
  size_t size = 2;
  while (size < 2 * (entries.size() + 1)) size *= 2;
  table_.assign(size, -1);
  mask_ = size - 1;
  for (size_t i = 0; i < entries.size(); i++) {
    size_t at = hash(entries[i].words, entries[i].length) & mask_;
    while (table_[at] >= 0) at = (at + 1) & mask_;
    table_[at] = static_cast<int32_t>(i);
  }
}

}  // namespace weir
