// The protocol tests that AWS publishes for clients, read from the server's side: what a client sends must be
// read as the given parameters; what is answered must be what a client is given. Cases that only bind clients
// are listed with their reason, and counted.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include "source_folder.h"

#include "kaden/smithy_wire.h"
#include "published_cases.h"
#include "text_forms.h"

namespace kaden::smithy {
namespace {

json::value read_suites(const std::string& file) {
  std::ifstream in(source_folder() + "/src/smithy/testdata/protocol-tests/" + file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return json::parse(text);
}

std::string text_or(const json::object& object, std::string_view name, std::string_view fallback) {
  const auto* found = object.if_contains(name);
  return found == nullptr ? std::string(fallback) : std::string(found->as_string());
}

Headers headers_of(const json::object& message) {
  Headers out;
  if (const auto* headers = message.if_contains("headers")) {
    for (const auto& [name, value] : headers->as_object()) out.emplace_back(name, value.as_string());
  }
  return out;
}

bool same(const Value& one, const Value& other) {
  const auto* a = one.if_real();
  const auto* b = other.if_real();
  if (a != nullptr && b != nullptr) {
    // What is wanted was read by Boost.JSON, which may be off by a bit.
    constexpr double bit = 4e-16;
    return *a == *b || (std::isnan(*a) && std::isnan(*b)) || std::fabs(*a - *b) <= bit * std::fabs(*a);
  }
  if (const auto* list = one.if_list()) {
    const auto* list_b = other.if_list();
    return list_b != nullptr && std::equal(list->begin(), list->end(), list_b->begin(), list_b->end(), same);
  }
  if (const auto* map = one.if_map()) {
    const auto* map_b = other.if_map();
    return map_b != nullptr && map->size() == map_b->size() &&
           std::all_of(map->begin(), map->end(), [&](const Entry& entry) {
             const Value* inner = other.find(entry.name);
             return inner != nullptr && same(entry.value, *inner);
           });
  }
  return one == other;
}

std::string shown(const Value& value) {
  Message message = write_output(Protocol::json_1_0, {}, {"x", nullptr, &document_shape}, value, "");
  return message.body;
}

using NotApplicable = std::map<std::string, std::string>; // case -> why

// In --------------------------------------------------------------------------------------------------------

Answer<Value> read_request(Protocol protocol, const Shape* shape, const std::string& body) {
  switch (protocol) {
    case Protocol::query: {
      const auto form = QueryForm::parse(body);
      if (!form) return tl::unexpected<Problem>(form.error());
      return form->read(shape);
    }
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      return read_json(shape, body);
    case Protocol::cbor:
      break;
  }
  return read_cbor(shape, from_base64(body).value());
}

struct Counted {
  int passed = 0;
  int not_applicable = 0;
};

Counted read_requests(const std::string& file, Protocol protocol, const NotApplicable& left_out) {
  Counted counted;
  std::set<std::string> met;
  const json::value suites = read_suites("input/" + file);
  for (const auto& suite : suites.as_array()) {
    PublishedShapes shapes(suite.as_object().at("shapes").as_object());
    const auto& metadata = suite.as_object().at("metadata").as_object();
    for (const auto& one : suite.as_object().at("cases").as_array()) {
      const auto& published = one.as_object();
      const std::string id(published.at("id").as_string());
      SCOPED_TRACE(file + " " + id);
      if (left_out.contains(id)) {
        met.insert(id);
        ++counted.not_applicable;
        continue;
      }
      const auto& given = published.at("given").as_object();
      const auto& sent = published.at("serialized").as_object();
      const Shape* shape = shapes.of(given.if_contains("input"));
      const std::string body = text_or(sent, "body", "");
      const auto value = read_request(protocol, shape, body);
      EXPECT_TRUE(value) << value.error().message;
      if (!value) continue;
      const Value wanted = shape == nullptr ? Value(Map()) : published_value(*shape, published.at("params"));
      EXPECT_TRUE(same(*value, wanted)) << shown(*value) << "\n" << shown(wanted);

      const Call call = call_of(text_or(sent, "uri", "/"), headers_of(sent));
      const std::string name(given.at("name").as_string());
      if (protocol == Protocol::query) {
        EXPECT_EQ(*QueryForm::parse(body)->find("Action"), name);
      } else if (sent.contains("headers")) {
        EXPECT_EQ(call.protocol, protocol);
        EXPECT_EQ(call.operation, name);
        EXPECT_EQ(call.service, text_or(metadata, "targetPrefix", ""));
      }
      ++counted.passed;
    }
  }
  EXPECT_EQ(met.size(), left_out.size()) << file << " does not hold every case that is left out";
  return counted;
}

const std::string gzip_only = "says only that a client sends Content-Encoding: gzip; it has no body";

TEST(PublishedRequests, Query) {
  const auto counted =
      read_requests("query.json", Protocol::query,
                    {{"SDKAppliedContentEncoding_awsQuery", gzip_only},
                     {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", gzip_only},
                     {"QueryProtocolIdempotencyTokenAutoFill", "the client makes up a token on its own"},
                     {"QueryEmptyQueryMaps", "an empty map is not sent: a server cannot see it"}});
  EXPECT_EQ(counted.passed, 34);
}

TEST(PublishedRequests, Json11) {
  const auto counted =
      read_requests("json.json", Protocol::json_1_1,
                    {{"SDKAppliedContentEncoding_awsJson1_1", gzip_only},
                     {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", gzip_only}});
  EXPECT_EQ(counted.passed, 52);
}

TEST(PublishedRequests, Json10) {
  const auto counted =
      read_requests("json_1_0.json", Protocol::json_1_0,
                    {{"SDKAppliedContentEncoding_awsJson1_0", gzip_only},
                     {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", gzip_only}});
  EXPECT_EQ(counted.passed, 19);
  EXPECT_EQ(read_requests("json_1_0-query-compatible.json", Protocol::json_1_0, {}).passed, 1);
}

TEST(PublishedRequests, Cbor) {
  EXPECT_EQ(read_requests("smithy-rpc-v2-cbor.json", Protocol::cbor, {}).passed, 15);
  EXPECT_EQ(read_requests("smithy-rpc-v2-cbor-query-compatible.json", Protocol::cbor, {}).passed, 1);
}

// Out -------------------------------------------------------------------------------------------------------

/// XML without what means nothing: blanks between elements, the short form of empty ones, the request's id.
std::string plain_xml(std::string text) {
  text = std::regex_replace(text, std::regex(R"(>\s+<)"), "><");
  text = std::regex_replace(text, std::regex(R"(<([A-Za-z0-9]+)/>)"), "<$1></$1>");
  text = std::regex_replace(text, std::regex(R"(<ResponseMetadata>.*</ResponseMetadata>)"), "");
  text = std::regex_replace(text, std::regex(R"(<RequestId>[^<]*</RequestId>)"), "");
  return std::string(trim(text));
}

void expect_same_body(Protocol protocol, const std::string& made, const std::string& published) {
  switch (protocol) {
    case Protocol::query:
      EXPECT_EQ(plain_xml(made), plain_xml(published));
      return;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
    case Protocol::cbor:
      break;
  }
  const bool is_cbor = protocol == Protocol::cbor;
  const auto read = [&](const std::string& body) {
    const Shape any{Type::document};
    return is_cbor ? read_cbor(&any, body).value() : read_json(&any, body).value();
  };
  const std::string bytes = is_cbor ? from_base64(published).value() : published;
  EXPECT_EQ(made.empty(), bytes.empty());
  EXPECT_TRUE(same(read(made), read(bytes))) << shown(read(made)) << "\n" << shown(read(bytes));
}

Message written_output(Protocol protocol, PublishedShapes& shapes, const json::object& published) {
  Service service;
  service.xml_namespace = "https://example.com/";
  const auto& given = published.at("given").as_object();
  const Operation operation{std::string(given.at("name").as_string()), nullptr,
                            shapes.of(given.if_contains("output"))};
  const Value output =
      operation.output == nullptr ? Value() : published_value(*operation.output, published.at("result"));
  return write_output(protocol, service, operation, output, "id");
}

Message written_error(Protocol protocol, PublishedShapes& shapes, const json::object& published,
                      const json::object& all_shapes) {
  const auto& response = published.at("response").as_object();
  Service service;
  std::string shape_name;
  for (const auto& [name, described] : all_shapes) {
    if (described.as_object().contains("exception")) shape_name = name;
  }
  // The namespace before '#' is the service's own and part of the answer.
  const std::string body = text_or(response, "body", "");
  const std::string text = protocol == Protocol::cbor ? from_base64(body).value() : body;
  static const std::regex prefix(R"(([A-Za-z0-9.]+)#)");
  std::smatch match;
  if (std::regex_search(text, match, prefix)) service.shape_namespace = match[1];
  // In CBOR the text's own head stands before it and may look like a letter.
  const std::size_t at = service.shape_namespace.find_first_of("as");
  if (protocol == Protocol::cbor) service.shape_namespace.erase(0, at);
  const std::string code(published.at("errorCode").as_string());
  service.query_compatible = code != shape_name;
  service.error_shapes = {{code, shape_name}};
  const Shape* shape = shapes.named(shape_name);
  const Problem problem{code, static_cast<int>(response.at("status_code").as_int64()), ""};
  return write_problem(protocol, service, problem, "id",
                       {shape, published_value(*shape, published.at("error"))});
}

Counted write_responses(const std::string& file, Protocol protocol, const NotApplicable& left_out) {
  Counted counted;
  std::set<std::string> met;
  const json::value suites = read_suites("output/" + file);
  for (const auto& suite : suites.as_array()) {
    const auto& all_shapes = suite.as_object().at("shapes").as_object();
    PublishedShapes shapes(all_shapes);
    for (const auto& one : suite.as_object().at("cases").as_array()) {
      const auto& published = one.as_object();
      const std::string id(published.at("id").as_string());
      SCOPED_TRACE(file + " " + id);
      if (left_out.contains(id)) {
        met.insert(id);
        ++counted.not_applicable;
        continue;
      }
      const bool is_error = published.contains("errorCode");
      const Message made = is_error ? written_error(protocol, shapes, published, all_shapes)
                                    : written_output(protocol, shapes, published);
      const auto& response = published.at("response").as_object();
      EXPECT_EQ(made.status, response.at("status_code").as_int64());
      expect_same_body(protocol, made.body, text_or(response, "body", ""));
      for (const auto& [name, value] : headers_of(response)) {
        if (name == "X-Amzn-Requestid" || name == "X-Amz-Target") continue; // an id; and a slip in the suite
        const bool there = std::any_of(made.headers.begin(), made.headers.end(), [&](const auto& header) {
          return equal_no_case(header.first, name) && header.second == value;
        });
        EXPECT_TRUE(there) << name << ": " << value;
      }
      ++counted.passed;
    }
  }
  EXPECT_EQ(met.size(), left_out.size()) << file << " does not hold every case that is left out";
  return counted;
}

const std::string lenient = "a form that clients must bear and this server does not write";
const std::string no_body = "says nothing about the body";

TEST(PublishedResponses, Query) {
  const auto counted = write_responses("query.json", Protocol::query,
                                       {{"AwsQueryDateTimeWithNegativeOffset", lenient},
                                        {"AwsQueryDateTimeWithPositiveOffset", lenient},
                                        {"QueryEmptyInputAndEmptyOutput", no_body},
                                        {"QueryNoInputAndNoOutput", no_body},
                                        {"QueryNoInputAndOutput", no_body}});
  EXPECT_EQ(counted.passed, 33);
}

NotApplicable json_left_out(const std::string& prefix) {
  NotApplicable out;
  for (const char* name : {"FooErrorUsingXAmznErrorType", "FooErrorUsingXAmznErrorTypeWithUri",
                           "FooErrorUsingXAmznErrorTypeWithUriAndNamespace", "FooErrorUsingCode",
                           "FooErrorUsingCodeAndNamespace", "FooErrorUsingCodeUriAndNamespace",
                           "FooErrorWithDunderTypeUriAndNamespace", "DeserializeIgnoreType"}) {
    out[prefix + name] = lenient;
  }
  return out;
}

TEST(PublishedResponses, Json11) {
  NotApplicable left_out = json_left_out("AwsJson11");
  for (const char* name : {"AwsJson11DateTimeWithNegativeOffset", "AwsJson11DateTimeWithPositiveOffset",
                           "handles_unexpected_json_output", "json_1_1_service_responds_with_no_payload",
                           "AwsJson11StructuresDontDeserializeNullValues"}) {
    left_out[name] = lenient;
  }
  EXPECT_EQ(write_responses("json.json", Protocol::json_1_1, left_out).passed, 45);
}

TEST(PublishedResponses, Json10) {
  NotApplicable left_out = json_left_out("AwsJson10");
  for (const char* name : {"AwsJson10DeserializeAllowNulls", "AwsJson10HandlesUnexpectedJsonOutput",
                           "AwsJson10ServiceRespondsWithNoPayload"}) {
    left_out[name] = lenient;
  }
  EXPECT_EQ(write_responses("json_1_0.json", Protocol::json_1_0, left_out).passed, 21);
  EXPECT_EQ(write_responses("json_1_0-query-compatible.json", Protocol::json_1_0, {}).passed, 2);
}

TEST(PublishedResponses, Cbor) {
  NotApplicable left_out;
  for (const char* name :
       {"empty_output_no_body", "NoOutputClientAllowsEmptyCbor", "NoOutputClientAllowsEmptyBody",
        "RpcV2CborDeserializesDenseSetMapAndSkipsNull", "RpcV2CborClientDoesntDeserializeNullStructureValues",
        "RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients", "RpcV2CborPayloadWithUnsetUnion"}) {
    left_out[name] = lenient;
  }
  EXPECT_EQ(write_responses("smithy-rpc-v2-cbor.json", Protocol::cbor, left_out).passed, 28);
  EXPECT_EQ(write_responses("smithy-rpc-v2-cbor-query-compatible.json", Protocol::cbor, {}).passed, 2);
}

/// Where the suite is lenient towards servers, this room's readers must be as well: answers are read back.
TEST(PublishedResponses, AreReadAsTheirResults) {
  int read = 0;
  for (const auto& [file, protocol] :
       {std::pair("json.json", Protocol::json_1_1), std::pair("json_1_0.json", Protocol::json_1_0),
        std::pair("smithy-rpc-v2-cbor.json", Protocol::cbor)}) {
    const json::value suites = read_suites(std::string("output/") + file);
    for (const auto& suite : suites.as_array()) {
      PublishedShapes shapes(suite.as_object().at("shapes").as_object());
      for (const auto& one : suite.as_object().at("cases").as_array()) {
        const auto& published = one.as_object();
        const auto* result = published.if_contains("result");
        const Shape* shape = shapes.of(published.at("given").as_object().if_contains("output"));
        const std::string id(published.at("id").as_string());
        if (result == nullptr || shape == nullptr || id == "RpcV2CborPayloadWithUnsetUnion") continue;
        SCOPED_TRACE(id);
        const auto& response = published.at("response").as_object();
        const auto value = read_request(protocol, shape, text_or(response, "body", ""));
        ASSERT_TRUE(value) << value.error().message;
        EXPECT_TRUE(same(*value, published_value(*shape, *result))) << shown(*value);
        ++read;
      }
    }
  }
  EXPECT_EQ(read, 88);
}

} // namespace
} // namespace kaden::smithy
