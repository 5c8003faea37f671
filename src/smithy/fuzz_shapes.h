// One structure with every kind of member, and one that refers to itself: what the fuzzers read into.
#pragma once

#include "kaden/smithy.h"

namespace kaden::smithy {

struct FuzzShapes {
  Model model;
  Shape* input = model.blank();

  FuzzShapes() {
    const Shape* dimension = model.structure({{"Name", &text_shape}, {"Value", &text_shape}});
    static const Shape http_date{Type::time, TimeFormat::http_date};
    static const Shape epoch{Type::time, TimeFormat::epoch_seconds};
    static const Shape single{Type::single_real};
    input->members = {{"Text", &text_shape},
                      {"Flag", &boolean_shape},
                      {"Number", &integer_shape},
                      {"Long", &long_shape},
                      {"Single", &single},
                      {"Real", &real_shape},
                      {"At", &time_shape},
                      {"HttpAt", &http_date},
                      {"EpochAt", &epoch},
                      {"Bytes", &blob_shape},
                      {"Reals", model.list(&real_shape)},
                      {"Flat", model.list(&text_shape), "Hi", true},
                      {"Dimensions", model.list(dimension)},
                      {"Tags", model.map(&text_shape)},
                      {"FlatTags", model.map(dimension), "KVP", true},
                      {"Inner", input},
                      {"Inners", model.list(input)}};
  }
};

} // namespace kaden::smithy
