/// mime/gmime_types.h - owners of GMime's objects. Room: mime, inside. Threads: one at a time. Errors: none.
#pragma once

#include <gmime/gmime.h>

#include <memory>

namespace kaden::mime {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

} // namespace kaden::mime
