// The slots that a message's values go to.
#pragma once

#include <cstdint>

#include "plan.hpp"
#include "weir_simdjson.h"

namespace weir {

struct row {
  weir_value *slots;
  int32_t slot_count;
  weir_value *more_slots;  // those after the first `slot_count`

  void put(int32_t slot, int kind, uint64_t bits, size_t length) const {
    weir_value *place = slot < slot_count ? slots + slot : more_slots + (slot - slot_count);
    place->bits = bits;
    place->length = static_cast<uint32_t>(length);
    place->kind = static_cast<uint8_t>(kind);
  }

  void put_text(int32_t slot, int kind, const uint8_t *begin, const uint8_t *end) const {
    put(slot, kind, reinterpret_cast<uintptr_t>(begin), static_cast<size_t>(end - begin));
  }

  // Empties every slot that a path through `in` leads to.
  void clear(const node &in) const {
    for (int32_t slot : in.slots_below) put(slot, WEIR_MISSING, 0, 0);
  }
};

}  // namespace weir
