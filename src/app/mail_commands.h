/// app/mail_commands.h - `kaden mails`: what came, why it is which alarm, and rules tried on a file. Room:
/// app. Uses: config, mime, mailrules, http. Threads: the calling thread; blocks. Errors: as remote.h.
#pragma once

#include <cstdint>
#include <string>

#include "remote.h"

namespace kaden::app {

/// Newest first; of all listeners when the name is empty.
int list_mails(const RemoteSettings& remote, const std::string& listener, int most);
/// One, as it was read, with what each rule says of it.
int show_mail(const RemoteSettings& remote, std::uint64_t number, bool as_source);
struct MailReplayOptions {
  std::uint64_t number = 0;
  std::string rules; ///< a YAML file with one listener; empty: as it is configured now
  bool dry_run = false;
};
int replay_mail(const RemoteSettings& remote, const MailReplayOptions& options);
struct MailTryOptions {
  std::string file; ///< a mail as it is sent; "-": standard input
  std::string config;
  std::string listener; ///< empty: the only one
};
/// No running Kaden is needed; nothing is reported. 0: a rule fits.
int try_mail(const MailTryOptions& options);

} // namespace kaden::app
