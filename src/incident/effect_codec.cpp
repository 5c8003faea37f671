// Effects as stable text, for digests of runs and for reading them in a test's output.
#include <boost/json.hpp>

#include "config_codec.h"

namespace kaden::incident {

namespace {

struct Encode {
  json::object operator()(const PlaceCall& out) const {
    return {{"type", "PlaceCall"},
            {"call", out.call.text},
            {"incident", out.incident},
            {"person", out.person},
            {"method", incident::to_json(out.method)},
            {"ring_ms_max", out.ring_max.count()},
            {"script", script::to_json(out.script)}};
  }
  json::object operator()(const ProceedCall& out) const {
    return {{"type", "ProceedCall"}, {"call", out.call.text}};
  }
  json::object operator()(const AnswerKey& out) const {
    return {{"type", "AnswerKey"},
            {"call", out.call.text},
            {"key", std::string(1, out.key)},
            {"verdict", kaden::to_text(out.verdict)}};
  }
  json::object operator()(const EndCall& out) const {
    return {{"type", "EndCall"}, {"call", out.call.text}, {"reason", kaden::to_text(out.reason)}};
  }
  json::object operator()(const RecoverCall& out) const {
    json::array routes;
    for (const std::string& route : out.dialog.routes) routes.emplace_back(route);
    return {{"type", "RecoverCall"},
            {"call", out.call.text},
            {"method", incident::to_json(out.method)},
            {"progress", kaden::to_text(out.progress)},
            {"remote_tag", out.dialog.remote_tag},
            {"remote_target", out.dialog.remote_target},
            {"routes", std::move(routes)},
            {"invite_cseq", out.dialog.invite_cseq}};
  }
  json::object operator()(const Tell& out) const {
    return {{"type", "Tell"}, {"entry", incident::to_json(out.entry)}};
  }
  json::object operator()(const AskTriage& out) const {
    return {
        {"type", "AskTriage"}, {"question", out.question}, {"text", out.text}, {"wait_ms", out.wait.count()}};
  }
};

} // namespace

std::string encode(const Effect& effect) {
  return kaden::to_text(json::value(std::visit(Encode{}, effect)));
}

} // namespace kaden::incident
