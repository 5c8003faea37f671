// Tables, read row by row with GETBULK; waiting is done here, and never with the library's lock.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "envelope.h"
#include "netsnmp.h"

namespace kaden::snmp {

namespace {

constexpr Millis slice = Millis(200); // of a wait, to look at `cancelled`

std::string peer_name(const AgentSettings& settings) {
  const bool is_v6 = settings.address.find(':') != std::string::npos;
  return (is_v6 ? "udp6:[" + settings.address + "]" : "udp:" + settings.address) + ":" +
         std::to_string(settings.port);
}

struct Descriptor {
  explicit Descriptor(int number_in) : number(number_in) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

} // namespace

struct Poller::Impl {
  struct Answer {
    bool has_come = false;
    Error trouble{Fault::timeout, ""};
    std::vector<Binding> bindings;
    bool is_good = false;
  };

  Impl(Library& library_in, const runtime::Clock& clock_in, AgentSettings settings_in)
      : library(library_in), clock(clock_in), settings(std::move(settings_in)) {
    if (settings.user) keys.emplace(*settings.user);
  }

  Result<std::string> find_engine(const std::atomic<bool>& cancelled) const;
  Result<void*> open(const std::atomic<bool>& cancelled);
  Result<std::vector<Binding>> ask(void* session, const std::vector<Oid>& at,
                                   const std::atomic<bool>& cancelled);
  static int on_answer(int operation, netsnmp_session*, int, netsnmp_pdu* pdu, void* context);
  static void read(const netsnmp_pdu& pdu, Answer& answer);

  // Borrowed
  Library& library;
  const runtime::Clock& clock;
  // Owned
  const AgentSettings settings;
  std::optional<Keys> keys;
  std::string engine_id; ///< of the agent; empty: not known yet
  Answer answer;         ///< to what was asked last; here, since a session may tell of it until it is closed
};

/// RFC 3414 section 4, without blocking anybody else: net-snmp would wait with its state in hand.
Result<std::string> Poller::Impl::find_engine(const std::atomic<bool>& cancelled) const {
  const bool is_v6 = settings.address.find(':') != std::string::npos;
  const Descriptor made(socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(settings.port);
  const auto* const to =
      is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const bool is_address = is_v6 ? inet_pton(AF_INET6, settings.address.c_str(), &v6.sin6_addr) == 1
                                : inet_pton(AF_INET, settings.address.c_str(), &v4.sin_addr) == 1;
  if (!is_address) return fail(Fault::invalid, settings.address + " is no address");
  if (made.number < 0 || connect(made.number, to, is_v6 ? sizeof v6 : sizeof v4) != 0)
    return fail(Fault::unavailable,
                "asking " + settings.address + ": " + std::system_category().message(errno));
  for (int tried = 0; tried < limits::snmp_tries; ++tried) {
    std::uint32_t id = 0;
    require(getrandom(&id, sizeof id, 0) == static_cast<ssize_t>(sizeof id), "the kernel gives randomness");
    const std::string question = discovery(id);
    static_cast<void>(send(made.number, question.data(), question.size(), MSG_NOSIGNAL));
    const SteadyTime until = clock.steady() + settings.patience;
    while (!cancelled && clock.steady() < until) {
      pollfd look{made.number, POLLIN, 0};
      poll(&look, 1, static_cast<int>(slice.count()));
      std::array<char, 4'096> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv(2)
      const ssize_t got = recv(made.number, bytes.data(), bytes.size(), 0);
      if (got < 0) {
        if (errno == ECONNREFUSED) return fail(Fault::unavailable, settings.address + " has no SNMP agent");
        continue;
      }
      const auto envelope = read_envelope({bytes.data(), static_cast<std::size_t>(got)});
      if (envelope && envelope->is_usm && !envelope->engine_id.empty()) return envelope->engine_id;
    }
  }
  return fail(Fault::timeout, settings.address + " did not tell its SNMP engine");
}

Result<void*> Poller::Impl::open(const std::atomic<bool>& cancelled) {
  if (keys && engine_id.empty()) {
    auto found = find_engine(cancelled);
    if (!found) return tl::unexpected(found.error());
    engine_id = std::move(*found);
  }
  std::string peer = peer_name(settings);
  std::string community = settings.community;
  netsnmp_session wanted;
  std::lock_guard lock(library.mutex());
  snmp_sess_init(&wanted);
  wanted.peername = peer.data();
  wanted.retries = limits::snmp_tries - 1;
  wanted.timeout = static_cast<long>(settings.patience.count()) * 1'000;
  if (keys) {
    keys->put_into(wanted, engine_id);
    wanted.flags |= SNMP_FLAGS_DONT_PROBE;
  } else {
    wanted.version = SNMP_VERSION_2c;
    wanted.community = reinterpret_cast<u_char*>(community.data());
    wanted.community_len = community.size();
  }
  void* const session = snmp_sess_open(&wanted);
  if (session != nullptr) return session;
  return fail(Fault::unavailable, "asking " + peer + ": " + snmp_api_errstring(wanted.s_snmp_errno));
}

void Poller::Impl::read(const netsnmp_pdu& pdu, Answer& answer) {
  if (pdu.command == SNMP_MSG_REPORT) {
    answer.trouble = {Fault::denied, "the agent refuses our user, its password or its level"};
    return;
  }
  if (pdu.command != SNMP_MSG_RESPONSE || pdu.errstat != SNMP_ERR_NOERROR) {
    answer.trouble = {Fault::denied,
                      std::string("the agent answers: ") + snmp_errstring(static_cast<int>(pdu.errstat))};
    return;
  }
  answer.is_good = true;
  for (const netsnmp_variable_list* at = pdu.variables; at != nullptr; at = at->next_variable) {
    const bool is_end =
        at->type == SNMP_ENDOFMIBVIEW || at->type == SNMP_NOSUCHOBJECT || at->type == SNMP_NOSUCHINSTANCE;
    answer.bindings.push_back({oid_of(at->name, at->name_length), is_end ? Value() : value_of(*at)});
    if (is_end) answer.bindings.back().oid.clear();
  }
}

int Poller::Impl::on_answer(int operation, netsnmp_session*, int, netsnmp_pdu* pdu, void* context) {
  Answer& answer = *static_cast<Answer*>(context);
  answer.has_come = true;
  if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu != nullptr) {
    read(*pdu, answer);
  } else if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT) {
    answer.trouble = {Fault::timeout, "no answer"};
  } else if (operation == NETSNMP_CALLBACK_OP_SEC_ERROR) {
    answer.trouble = {Fault::denied, "the agent refuses our user, its password or its level"};
  } else if (operation == NETSNMP_CALLBACK_OP_RESEND) {
    answer.has_come = false; // it goes on
  } else {
    answer.trouble = {Fault::unavailable, "it could not be asked"};
  }
  return 1;
}

Result<std::vector<Binding>> Poller::Impl::ask(void* session, const std::vector<Oid>& at,
                                               const std::atomic<bool>& cancelled) {
  answer = {};
  int descriptor = -1;
  {
    std::lock_guard lock(library.mutex());
    netsnmp_pdu* const pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
    require(pdu != nullptr, "there is memory for a question");
    pdu->non_repeaters = 0;
    pdu->max_repetitions = limits::snmp_repetitions;
    for (const Oid& one : at) {
      const std::vector<oid> wide(one.begin(), one.end());
      snmp_add_null_var(pdu, wide.data(), wide.size());
    }
    if (snmp_sess_async_send(session, pdu, on_answer, &answer) == 0) {
      snmp_free_pdu(pdu);
      return fail(Fault::unavailable,
                  std::string("asking: ") + snmp_api_errstring(snmp_sess_session(session)->s_snmp_errno));
    }
    descriptor = snmp_sess_transport(session)->sock;
  }
  while (!answer.has_come) {
    if (cancelled) return fail(Fault::unavailable, "cancelled");
    pollfd look{descriptor, POLLIN, 0};
    const bool is_readable = poll(&look, 1, static_cast<int>(slice.count())) > 0;
    std::lock_guard lock(library.mutex());
    if (is_readable) {
      netsnmp_large_fd_set set{};
      netsnmp_large_fd_set_init(&set, FD_SETSIZE);
      netsnmp_large_fd_setfd(descriptor, &set);
      snmp_sess_read2(session, &set);
      netsnmp_large_fd_set_cleanup(&set);
    }
    if (!answer.has_come) snmp_sess_timeout(session);
  }
  if (!answer.is_good) return tl::unexpected(answer.trouble);
  return std::move(answer.bindings);
}

Poller::Poller(Library& library, const runtime::Clock& clock, AgentSettings settings)
    : impl_(std::make_unique<Impl>(library, clock, std::move(settings))) {}
Poller::~Poller() = default;

namespace {

/// Takes what belongs to the columns; false when one of them ran in a circle.
bool take_rows(const std::vector<Binding>& bindings, const std::vector<Oid>& columns,
               std::vector<Oid>& cursors, std::vector<std::size_t>& open, Table& table) {
  const std::vector<std::size_t> asked = open;
  std::vector<bool> is_over(columns.size(), false);
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const std::size_t column = asked[i % asked.size()];
    if (is_over[column]) continue;
    const Oid& oid = bindings[i].oid;
    if (oid.empty() || !begins_with(oid, columns[column]) || oid.size() == columns[column].size()) {
      is_over[column] = true;
      continue;
    }
    if (oid <= cursors[column]) return false;
    cursors[column] = oid;
    const Oid index(oid.begin() + static_cast<std::ptrdiff_t>(columns[column].size()), oid.end());
    table[index][column] = bindings[i].value;
  }
  open.erase(std::remove_if(open.begin(), open.end(), [&](std::size_t column) { return is_over[column]; }),
             open.end());
  return true;
}

} // namespace

Result<Table> Poller::walk(const std::vector<Oid>& columns, const std::atomic<bool>& cancelled) {
  Impl& mine = *impl_;
  const auto session = mine.open(cancelled);
  if (!session) return tl::unexpected(session.error());
  Table table;
  std::vector<Oid> cursors = columns;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < columns.size(); ++i) open.push_back(i);
  Result<void> trouble;
  while (!open.empty() && trouble) {
    std::vector<Oid> at;
    at.reserve(open.size());
    for (const std::size_t column : open) at.push_back(cursors[column]);
    const auto bindings = mine.ask(*session, at, cancelled);
    if (!bindings) {
      trouble = tl::unexpected(bindings.error());
    } else if (bindings->empty()) {
      trouble = fail(Fault::invalid, "the agent answers with nothing");
    } else if (!take_rows(*bindings, columns, cursors, open, table)) {
      trouble = fail(Fault::invalid, "the agent's answers run in a circle");
    } else if (table.size() > limits::snmp_rows_max) {
      trouble = fail(Fault::invalid, "the agent has too many rows");
    }
  }
  {
    std::lock_guard lock(mine.library.mutex());
    snmp_sess_close(*session);
  }
  if (trouble) return table;
  mine.engine_id.clear(); // it may be another machine now
  return fail_while("SNMP agent " + mine.settings.address, trouble.error());
}

} // namespace kaden::snmp
