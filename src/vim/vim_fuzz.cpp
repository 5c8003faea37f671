// Hostile answers of a vCenter: whatever comes, what is read is bounded, is UTF-8 and can be sent back.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kaden/limits/vcenter.h"
#include "kaden/vim.h"
#include "kaden/xml.h"

namespace {

using namespace kaden;
using namespace kaden::vim;

void check_text(std::string_view text, std::size_t bytes_max) {
  require(text.size() <= bytes_max && is_valid_utf8(text), "a text is short and UTF-8");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  require(std::none_of(text.begin(), text.end(), is_control), "a text has no control characters");
}

void check_ref(const Ref& ref) {
  check_text(ref.type, limits::vim_id_bytes_max);
  check_text(ref.id, limits::vim_id_bytes_max);
  require(!ref.type.empty() && !ref.id.empty(), "a reference names something");
}

struct CheckValue {
  void operator()(const std::string& text) const { check_text(text, limits::soap_text_bytes_max); }
  void operator()(const Ref& ref) const { check_ref(ref); }
  void operator()(const std::vector<vim::AlarmState>& states) const {
    require(states.size() <= limits::vcenter_alarms_max, "alarms are bounded");
    for (const vim::AlarmState& state : states) {
      check_text(state.key, limits::vim_id_bytes_max);
      check_ref(state.alarm);
      check_ref(state.entity);
      check_text(state.acknowledged_by, limits::soap_text_bytes_max);
      const std::string request =
          acknowledge_alarm({"AlarmManager", "AlarmManager"}, state.alarm, state.entity);
      pugi::xml_document document;
      require(xml::load(request, {16, 100, 8}, document).has_value(), "a request is XML, whatever is in it");
    }
  }
  void operator()(const std::vector<AlarmAction>& actions) const {
    for (const AlarmAction& action : actions) check_text(action.type, limits::vim_id_bytes_max);
  }
};

template <class T>
void check_failure(const Answer<T>& answer) {
  if (answer) return;
  require(!answer.error().message.empty(), "a failure says why");
  require(is_valid_utf8(answer.error().message), "a failure can be printed");
}

void check_page(std::string_view bytes) {
  const auto page = read_page(bytes);
  check_failure(page);
  if (!page) return;
  check_text(page->token, limits::vim_id_bytes_max);
  for (const ObjectContent& object : page->objects) {
    check_ref(object.object);
    for (const auto& [path, value] : object.values) {
      check_text(path, limits::vim_id_bytes_max);
      std::visit(CheckValue{}, value);
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The one cast a fuzzer cannot do without: bytes are text here.
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_page(bytes);
  check_failure(read_done(bytes, "Login"));
  check_failure(read_refs(bytes, "GetAlarm"));
  if (const auto made = read_made(bytes, "CreateFilter")) check_ref(*made);
  if (const auto update = read_update(bytes)) check_text(update->version, limits::vim_id_bytes_max);
  if (const auto content = read_service_content(bytes)) {
    check_ref(content->root_folder);
    check_text(content->instance_uuid, limits::vim_id_bytes_max);
    check_text(content->full_name, limits::soap_text_bytes_max);
  }
  return 0;
}
