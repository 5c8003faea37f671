#include "inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace kaden::cloudwatch {

namespace {

/// inflateInit2 and inflateEnd as a scope.
class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, gzip_only) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  static constexpr int gzip_only = 15 + 16;
  z_stream stream_{};
  bool ready_;
};

} // namespace

Answer<std::string> gunzip(std::string_view packed, std::size_t bytes_max) {
  const auto malformed = [] {
    return problem("MalformedHttpRequestException", "The request body is not one complete gzip stream.");
  };
  Inflater inflater;
  if (!inflater.ready()) return problem("InternalServiceError", "Out of memory.", 500);
  z_stream& stream = inflater.stream();
  // zlib does not write to its input; its type is older than const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());

  std::string out;
  std::array<Bytef, 16'384> piece;
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = piece.data();
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END) return malformed();
    const std::size_t made = piece.size() - stream.avail_out;
    if (out.size() + made > bytes_max) {
      return problem("RequestEntityTooLarge", "The request body is larger than allowed once decompressed.",
                     413);
    }
    out.append(reinterpret_cast<const char*>(piece.data()), made);
    if (state == Z_OK && made == 0 && stream.avail_in == 0) return malformed();
  }
  if (stream.avail_in != 0) return malformed();
  return out;
}

} // namespace kaden::cloudwatch
