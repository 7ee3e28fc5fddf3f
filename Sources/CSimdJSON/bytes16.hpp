// Sixteen bytes at a time: which of them are what, as bits from the first byte on.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir {

#if defined(__SSE2__)

class bytes16 {
 public:
  explicit bytes16(const uint8_t *p) : v_(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))) {}

  uint32_t equal(char c) const { return bits(_mm_cmpeq_epi8(v_, _mm_set1_epi8(c))); }

  // Bytes below `c`, which is at most 0x7F, and those from 0x80 on.
  uint32_t below_or_high(char c) const { return bits(_mm_cmplt_epi8(v_, _mm_set1_epi8(c))); }

  // Bytes from 0x80 on.
  uint32_t high() const { return bits(v_); }

 private:
  __m128i v_;

  static uint32_t bits(__m128i v) { return static_cast<uint32_t>(_mm_movemask_epi8(v)); }
};

#else

class bytes16 {
 public:
  explicit bytes16(const uint8_t *p) { memcpy(v_, p, 16); }

  uint32_t equal(char c) const {
    return bits([c](uint8_t b) { return b == static_cast<uint8_t>(c); });
  }

  uint32_t below_or_high(char c) const {
    return bits([c](uint8_t b) { return b < static_cast<uint8_t>(c) || b >= 0x80; });
  }

  uint32_t high() const {
    return bits([](uint8_t b) { return b >= 0x80; });
  }

 private:
  uint8_t v_[16];

  template <typename Test>
  uint32_t bits(Test test) const {
    uint32_t found = 0;
    for (int i = 0; i < 16; i++) found |= static_cast<uint32_t>(test(v_[i])) << i;
    return found;
  }
};

#endif

}  // namespace weir
