// The planned paths as a trie of keys, with a hash table of keys at each node.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

// For the parts of a loop that are functions only for the reader.
#define WEIR_INLINE inline __attribute__((always_inline))

namespace weir {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are masked as little-endian");

// The low `count` bytes of a word; `count` is at most 8.
inline uint64_t low_bytes(size_t count) {
  return count == 0 ? 0 : ~uint64_t{0} >> (64 - 8 * count);
}

// The first 16 bytes of a key in two words, zero-filled.
struct key_words {
  uint64_t head;
  uint64_t tail;

  // Reads the key [p, p + length), and nothing at or past `limit`.
  static key_words of(const uint8_t *p, size_t length, const uint8_t *limit) {
    key_words words{0, 0};
    if (__builtin_expect(limit - p >= 16, true)) {
      words = load(p);
      words.head &= low_bytes(length < 8 ? length : 8);
      words.tail &= low_bytes(length < 8 ? 0 : length < 16 ? length - 8 : 8);
    } else {
      memcpy(&words, p, length < 16 ? length : 16);
    }
    return words;
  }

  static key_words load(const uint8_t *p) {
    key_words words;
    memcpy(&words.head, p, 8);
    memcpy(&words.tail, p + 8, 8);
    return words;
  }

  // The 16 bytes moved down by `count`, which is 1 to 16.
  key_words without_low_bytes(size_t count) const {
    if (count == 16) return key_words{0, 0};
    if (count == 8) return key_words{tail, 0};
    if (count > 8) return key_words{tail >> (8 * count - 64), 0};
    return key_words{head >> (8 * count) | tail << (64 - 8 * count), tail >> (8 * count)};
  }

  bool operator==(const key_words &other) const {
    return ((head ^ other.head) | (tail ^ other.tail)) == 0;
  }
};

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

  // The entry of a key, or nullptr. O(1). Reads nothing at or past `limit`.
  entry *find(const uint8_t *key, size_t length, const uint8_t *limit) {
    return look_up(key_words::of(key, length, limit), key, length);
  }

  // A key of up to 15 bytes with its closing quote. At first one that is no UTF-8, which
  // nothing equals.
  struct guess {
    uint64_t head = ~uint64_t{0};
    uint64_t tail = 0;
    uint64_t head_mask = ~uint64_t{0};
    uint64_t tail_mask = 0;
    entry *found = nullptr;
    size_t length = 0;  // the quote included
  };

  // What is known of the key that begins at `key` where it is the one met last time after
  // `position` others, closing quote included; else nullptr. Producers write keys in one order, so
  // this mostly spares the look-up, and even the search for the key's end.
  // Reads nothing outside [begin, limit).
  const guess *guessed(
      const uint8_t *key, const uint8_t *begin, const uint8_t *limit, size_t position) const {
    if (position >= guess_count) return nullptr;
    const guess &g = guesses_[position];
    key_words words;
    const size_t rest = static_cast<size_t>(limit - key);
    if (__builtin_expect(rest >= 16, true)) {
      words = key_words::load(key);
    } else if (limit - begin >= 16) {
      words = key_words::load(limit - 16).without_low_bytes(16 - rest);
    } else {
      return nullptr;
    }
    const bool is_same =
        (((words.head ^ g.head) & g.head_mask) | ((words.tail ^ g.tail) & g.tail_mask)) == 0;
    return is_same ? &g : nullptr;
  }

  // Remembers the key at a position. Its closing quote is readable.
  void remember(const uint8_t *key, size_t length, size_t position, entry *found) {
    if (position >= guess_count || length >= 16) return;
    const key_words words = key_words::of(key, length + 1, key + length + 1);
    guesses_[position] = guess{
        words.head, words.tail, low_bytes(length < 7 ? length + 1 : 8),
        low_bytes(length < 8 ? 0 : length - 7), found, length + 1};
  }

  // The entry of a key, made if it is not there. Moves the entries.
  entry &at(const std::string &key);

 private:
  static constexpr size_t guess_count = 64;

  std::vector<guess> guesses_ = std::vector<guess>(guess_count);
  std::vector<int32_t> table_ = {-1, -1};  // at most half full, so that a search ends
  size_t mask_ = 1;

  entry *look_up(key_words words, const uint8_t *key, size_t length);
  void rebuild();
};

// Sends the value at a path of at least one step to a slot. `nodes[0]` is the outermost object's.
void add_path(std::vector<node> &nodes, const std::vector<std::string> &path, int32_t slot);

}  // namespace weir
