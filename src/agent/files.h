/// files.h - small files, read whole or by lines, and what follows them. Room: agent, inside. Threads: any.
/// Errors: not_found, unavailable.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "kaden/file.h"

namespace kaden::agent {

using channel::errno_error;
using channel::File;

Result<std::string> read_file(const std::string& path, std::size_t bytes_max);
/// Each line without its end, in pieces that keep memory small; lines over 4 KiB are passed over.
Result<void> read_lines(const std::string& path, const std::function<void(std::string_view)>& take);
/// Beside, synced, renamed: after a crash there is the old file or the new one.
Result<void> replace_file(const std::string& path, std::string_view content);
/// With its parents; private to the owner.
Result<void> make_folder(const std::string& path);
/// Makes new, renamed and removed names in it durable.
void sync_folder(const std::string& path);
/// The whole of it, at the end of the file; and synced.
Result<void> write_all(const File& file, std::string_view bytes);

} // namespace kaden::agent
