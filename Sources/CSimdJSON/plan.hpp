// The planned paths as a trie of keys, with a hash table of keys at each node.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace weir {

// A key as the tables compare it: up to 16 bytes are held in two words.
struct key_words {
  uint64_t head;  // the first 8 bytes, zero-filled
  uint64_t tail;  // the last 8 bytes of a key longer than 8, else 0

  // Reads the key [p, p + length), and at most up to `limit`.
  static key_words of(const uint8_t *p, size_t length, const uint8_t *limit) {
    key_words words{0, 0};
    if (length >= 8) {
      memcpy(&words.head, p, 8);
      if (length > 8) memcpy(&words.tail, p + length - 8, 8);
    } else if (limit - p >= 8) {
      memcpy(&words.head, p, 8);
      words.head &= (uint64_t{1} << (8 * length)) - 1;
    } else {
      memcpy(&words.head, p, length);
    }
    return words;
  }
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "key_words masks little-endian words");

struct entry {
  key_words words{0, 0};
  uint32_t length = 0;
  int32_t slot = -1;   // where the value goes, or -1
  int32_t child = -1;  // the node of paths that go on from here, or -1
  uint32_t seen = 0;   // the message in which this key was last met
  std::string key;
};

// Keys wanted in one object.
class node {
 public:
  std::vector<entry> entries;
  std::vector<int32_t> slots_below;  // every slot that a path through this node leads to

  // The entry of a key, or nullptr. O(1).
  entry *find(const uint8_t *key, size_t length, const uint8_t *limit) {
    const key_words words = key_words::of(key, length, limit);
    size_t at = hash(words, length) & mask_;
    for (;; at = (at + 1) & mask_) {
      const int32_t index = table_[at];
      if (index < 0) return nullptr;
      entry &e = entries[static_cast<size_t>(index)];
      if (e.words.head == words.head && e.words.tail == words.tail && e.length == length &&
          (length <= 16 || memcmp(e.key.data(), key, length) == 0)) {
        return &e;
      }
    }
  }

  // The entry of a key, made if it is not there. May move the entries.
  entry &at(const std::string &key);

 private:
  std::vector<int32_t> table_ = {-1, -1};  // at most half full, so that a search ends
  size_t mask_ = 1;

  static size_t hash(key_words words, size_t length) {
    uint64_t h = (words.head ^ (words.tail + length) * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
    return static_cast<size_t>(h >> 32);
  }
  void rebuild();
};

}  // namespace weir
