// What is watched from outside: the section itself; each kind of source has a file of its own.
#include "sections.h"

namespace kaden::config {

Sources read_sources(Section& top, const Surroundings& around, bool keeps_logs) {
  Sources sources;
  auto section = top.section("sources", "sources");
  if (!section) return sources;
  sources.status_pages = read_status_pages(*section, around);
  sources.vcenters = read_vcenters(*section, around);
  sources.network = read_network(*section, around);
  sources.snmp = read_snmp(*section, around);
  sources.mail = read_mail_listeners(*section, around);
  sources.logs = read_watched_logs(*section, around, keeps_logs);
  return sources;
}

} // namespace kaden::config
