// The planned paths as a trie of keys, with a hash table of keys at each node.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

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
      memcpy(&words.head, p, 8);
      memcpy(&words.tail, p + 8, 8);
      words.head &= low_bytes(length < 8 ? length : 8);
      words.tail &= low_bytes(length < 8 ? 0 : length < 16 ? length - 8 : 8);
    } else {
      memcpy(&words, p, length < 16 ? length : 16);
    }
    return words;
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

  // The entry of a key, or nullptr. O(1). `position`: how many keys of the object came before;
  // producers write keys in one order, so the key found there last time is tried first.
  entry *find(const uint8_t *key, size_t length, const uint8_t *limit, size_t position) {
    const key_words words = key_words::of(key, length, limit);
    guess &last = guesses_[position < guess_count ? position : guess_count - 1];
    if (last.length == length && last.words == words) return last.found;
    entry *found = look_up(words, key, length);
    if (length <= 16) last = guess{words, length, found};
    return found;
  }

  // The entry of a key, made if it is not there. Moves the entries.
  entry &at(const std::string &key);

 private:
  // A short key met before at a position; no length is that of a key at first.
  struct guess {
    key_words words{0, 0};
    size_t length = SIZE_MAX;
    entry *found = nullptr;
  };

  static constexpr size_t guess_count = 64;

  std::vector<guess> guesses_ = std::vector<guess>(guess_count);
  std::vector<int32_t> table_ = {-1, -1};  // at most half full, so that a search ends
  size_t mask_ = 1;

  entry *look_up(key_words words, const uint8_t *key, size_t length);
  void rebuild();
};

}  // namespace weir
