#include "gzip.h"

#include <zlib.h>

#include "kaden/base.h"

namespace kaden::agent {

std::string gzip(std::string_view plain) {
  constexpr int gzip_frame = 15 + 16;
  constexpr int memory_level = 8;
  z_stream stream{};
  require(deflateInit2(&stream, 5, Z_DEFLATED, gzip_frame, memory_level, Z_DEFAULT_STRATEGY) == Z_OK,
          "zlib starts");
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  // zlib does not write to its input; its type is older than const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "there is room for all of it");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

unsigned crc_of(std::string_view bytes, unsigned before) {
  return static_cast<unsigned>(
      crc32(before, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

} // namespace kaden::agent
