#include "metrics.h"

namespace kaden::app {

namespace {

using api::counter;
using api::gauge;
using api::Metric;
using api::MetricKind;

/// One counter with one label.
class Split {
 public:
  Split(std::string name, std::string help, std::string label)
      : metric_{std::move(name), std::move(help), MetricKind::counter, {}, {}}, label_(std::move(label)) {}
  Split& add(std::string_view value, std::uint64_t count) {
    metric_.samples.push_back({{{label_, std::string(value)}}, static_cast<double>(count)});
    return *this;
  }
  operator Metric() const { return metric_; } // NOLINT(google-explicit-constructor): it only builds one

 private:
  Metric metric_;
  const std::string label_;
};

void add_calls(std::vector<Metric>& out, const DispatchCounts& calls) {
  Split ended("kaden_calls_ended_total", "Calls ended since the start, by outcome of the line.", "outcome");
  for (std::size_t i = 0; i < calls.ended.size(); ++i) {
    ended.add(to_text(static_cast<LineOutcome>(i)), calls.ended[i]);
  }
  Split verdicts("kaden_key_verdicts_total", "Answers to pressed keys since the start.", "verdict");
  for (std::size_t i = 0; i < calls.verdicts.size(); ++i) {
    verdicts.add(to_text(static_cast<Verdict>(i)), calls.verdicts[i]);
  }
  out.push_back(ended);
  out.push_back(verdicts);
}

void add_sip(std::vector<Metric>& out, const carrier::SipCounts& sip) {
  out.push_back(counter("kaden_sip_calls_placed_total", "Calls handed to SIP since the start.", sip.placed));
  out.push_back(counter("kaden_sip_calls_recovered_total",
                        "Calls of a process before that were ended at the far end.", sip.recovered));
  out.push_back(counter("kaden_sip_late_answers_ended_total",
                        "Answers that came after their call was over, and were ended.",
                        sip.late_answers_ended));
  out.push_back(gauge("kaden_sip_calls_live", "Calls that SIP holds now.", static_cast<double>(sip.live)));
  const media::MediaCounts& media = sip.media;
  out.push_back(Split("kaden_rtp_packets_total", "RTP packets accepted and sent.", "direction")
                    .add("received", media.received)
                    .add("sent", media.sent));
  out.push_back(Split("kaden_rtp_packets_dropped_total", "RTP packets that were not used.", "reason")
                    .add("malformed", media.malformed)
                    .add("wrong_sender", media.wrong_sender)
                    .add("send_failed", media.send_failed));
  out.push_back(counter("kaden_media_ticks_total", "Ticks of 20 ms that served all streams.", media.ticks));
  out.push_back(counter("kaden_media_ticks_over_5ms_total",
                        "Ticks whose last packet left over 5 ms after it was due.", media.ticks_over_5ms));
  out.push_back(counter("kaden_media_ticks_late_total", "Ticks of 5 ms that began 20 ms or more behind time.",
                        media.ticks_late));
}

void add_speech(std::vector<Metric>& out, const speech::SpeechCounts& speech) {
  out.push_back(Split("kaden_speech_sentences_total", "Sentences asked for since the start.", "result")
                    .add("cached", speech.cached)
                    .add("rendered", speech.rendered)
                    .add("failed", speech.failed));
  out.push_back(gauge("kaden_speech_cache_sentences", "Sentences in memory.",
                      static_cast<double>(speech.cache_sentences)));
  out.push_back(gauge("kaden_speech_cache_bytes", "Bytes of sentences in memory.",
                      static_cast<double>(speech.cache_bytes)));
}

void add_alarms(std::vector<Metric>& out, const cloudwatch::Endpoint::Counts& alarms) {
  out.push_back(
      gauge("kaden_metrics_known", "Metrics with datapoints.", static_cast<double>(alarms.metrics)));
  out.push_back(
      gauge("kaden_datapoints_kept", "Datapoints in memory.", static_cast<double>(alarms.datapoints)));
  out.push_back(
      gauge("kaden_alarms_defined", "Alarms, by API and by rules.", static_cast<double>(alarms.alarms)));
  out.push_back(gauge("kaden_alarm_changes_untold", "Changes of alarms whose event is not durable yet.",
                      static_cast<double>(alarms.untold)));
  out.push_back(
      counter("kaden_alarms_refused_total", "Alarms of rules over the limit.", alarms.refused_alarms));
  out.push_back(counter("kaden_metric_data_total", "Metric data taken since the start.", alarms.data));
  out.push_back(counter("kaden_cloudwatch_requests_total", "Requests to the CloudWatch-compatible endpoint.",
                        alarms.requests));
  out.push_back(counter("kaden_signatures_refused_total", "Requests whose signature was refused.",
                        alarms.refused_signatures));
  out.push_back(counter("kaden_requests_throttled_total",
                        "CloudWatch requests over an access key's rates, or from a sender of bad signatures.",
                        alarms.throttled));
  out.push_back(counter("kaden_requests_denied_total",
                        "CloudWatch requests beyond an access key's permissions.", alarms.denied));
  out.push_back(counter("kaden_metric_puts_refused_total", "Requests that would have made too many metrics.",
                        alarms.refused_metrics));
}

void add_http(std::vector<Metric>& out, const http::Server::Counts& requests) {
  out.push_back(counter("kaden_http_requests_total", "HTTP requests since the start.", requests.requests));
  out.push_back(
      Split("kaden_http_refused_total", "HTTP requests and connections that were refused.", "reason")
          .add("malformed", requests.malformed)
          .add("too_large", requests.too_large)
          .add("too_slow", requests.too_slow)
          .add("too_many_connections", requests.connections_refused));
}

void add_stored(std::vector<Metric>& out, const datapoints::Store::Counts& stored) {
  out.push_back(
      counter("kaden_datapoints_stored_total", "Datapoints on disk since the start.", stored.stored));
  out.push_back(Split("kaden_datapoints_not_stored_total",
                      "Datapoints taken, but not for the disk: no room to wait or too many metrics; times or "
                      "values that make no sense.",
                      "reason")
                    .add("no_room", stored.dropped)
                    .add("no_sense", stored.refused));
  out.push_back(gauge("kaden_datapoints_waiting", "Datapoints that wait for the disk.",
                      static_cast<double>(stored.waiting)));
  out.push_back(counter("kaden_datapoint_commits_failed_total",
                        "Commits of datapoints that will be tried again.", stored.failed_commits));
  out.push_back(counter("kaden_datapoints_damaged_total",
                        "Blocks of datapoints left out because their checksum did not fit.", stored.damaged));
  out.push_back(counter("kaden_datapoint_files_set_aside_total", "Files of datapoints that were corrupt.",
                        stored.set_aside));
  out.push_back(gauge("kaden_datapoint_file_bytes", "Size of the file of datapoints.",
                      static_cast<double>(stored.file_bytes)));
  out.push_back(gauge("kaden_datapoint_series", "Metrics, by unit, in the file of datapoints.",
                      static_cast<double>(stored.series)));
}

} // namespace

std::vector<Metric> metrics_of(const Figures& figures) {
  std::vector<Metric> out = {{"kaden_build_info",
                              "The running version.",
                              MetricKind::gauge,
                              {{{{"version", KADEN_VERSION}}, 1}},
                              {}}};
  add_calls(out, figures.calls);
  if (figures.sip) add_sip(out, *figures.sip);
  add_speech(out, figures.speech);
  add_alarms(out, figures.alarms);
  add_http(out, figures.requests);
  if (figures.stored) add_stored(out, *figures.stored);
  return out;
}

} // namespace kaden::app
