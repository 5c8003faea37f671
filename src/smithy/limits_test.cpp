// Bodies that no client sends: too deep, too many, cut, of the wrong kind. And what must survive a round
// trip.
#include <gtest/gtest.h>

#include <limits>

#include "kaden/limits/input.h"
#include "kaden/smithy_wire.h"
#include "text_forms.h"

namespace kaden::smithy {
namespace {

struct Shapes {
  Model model;
  const Shape* dimension =
      model.structure({{"Name", &text_shape}, {"Value", &text_shape}, {"Count", &integer_shape}});
  const Shape* input = model.structure({{"Text", &text_shape},
                                        {"Flag", &boolean_shape},
                                        {"Number", &integer_shape},
                                        {"Long", &long_shape},
                                        {"Real", &real_shape},
                                        {"At", &time_shape},
                                        {"Bytes", &blob_shape},
                                        {"Reals", model.list(&real_shape)},
                                        {"Dimensions", model.list(dimension)},
                                        {"Tags", model.map(&text_shape)}});
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(static_cast<unsigned char>(value));
  return out;
}

std::string error_of(const Answer<Value>& answer) {
  return answer ? "" : answer.error().code + ": " + answer.error().message;
}

TEST(Json, RefusesWhatDoesNotFit) {
  const Shapes shapes;
  const std::pair<const char*, const char*> cases[] = {
      {R"({"Text":1})", "SerializationException: Text must be a string."},
      {R"({"Number":1.5})", "SerializationException: Number must be a whole number."},
      {R"({"Number":2147483648})", "SerializationException: Number must fit 32 bits."},
      {R"({"Real":"x"})", "SerializationException: Real must be a number."},
      {R"({"At":"2026-08-24T03:04:05Z"})", "SerializationException: At must be a timestamp."},
      {R"({"At":1e300})", "SerializationException: At must be a timestamp."},
      {R"({"Bytes":"a"})", "SerializationException: Bytes must be base64."},
      {R"({"Reals":[1,null]})", "SerializationException: Reals.member.2 must not be null."},
      {R"({"Dimensions":[{"Name":"a"},{"Name":[]}]})",
       "SerializationException: Dimensions.member.2.Name must be a string."},
      {R"({"Tags":{"a":"1","a":"2"}})", "SerializationException: Tags holds a key twice."},
      {R"([])", "SerializationException: The request must be a structure."},
  };
  for (const auto& [body, wanted] : cases) EXPECT_EQ(error_of(read_json(shapes.input, body)), wanted) << body;
  for (const std::string body : {"{", "{}x", R"({"Text":"\ud800"})", "{\"Text\":\"\xff\"}", "\x01"}) {
    EXPECT_TRUE(error_of(read_json(shapes.input, body)).starts_with("SerializationException: The body is"))
        << body;
  }
}

TEST(Json, BoundsDepthAndCount) {
  const Shapes shapes;
  const auto nested = [](std::size_t depth) {
    return "{\"x\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(read_json(shapes.input, nested(limits::smithy_depth_max)));
  EXPECT_FALSE(read_json(shapes.input, nested(limits::smithy_depth_max + 1)));
  std::string many = "{\"x\":[0";
  for (std::size_t i = 0; i < limits::smithy_nodes_max; ++i) many += ",0";
  EXPECT_FALSE(read_json(shapes.input, many + "]}"));
}

TEST(Json, KeepsNumbersToTheLastBit) {
  const Shapes shapes;
  for (const double value : {1.889, 0.1, 123456789.12345679, 5e-324, 1.7976931348623157e308, 90.5, -0.0}) {
    const std::string body = "{\"Real\":" + real_text(value, Type::real) + "}";
    EXPECT_EQ(read_json(shapes.input, body)->real("Real"), value);
  }
  EXPECT_EQ(read_json(shapes.input, R"({"Long":-9223372036854775808})")->integer("Long"), INT64_MIN);
  EXPECT_FALSE(read_json(shapes.input, R"({"Long":9223372036854775808})"));
}

TEST(Cbor, RefusesWhatIsNotCbor) {
  const Shapes shapes;
  const std::string text_key = bytes({0xa1, 0x64, 'T', 'e', 'x', 't'});
  const std::pair<std::string, const char*> cases[] = {
      {bytes({0xa1}), "ends too early"},
      {bytes({0xa1, 0x64, 'T'}), "longer than the body"},
      {text_key, "ends too early"},
      {text_key + bytes({0x1c}), "reserved length"},
      {text_key + bytes({0x1f}), "indefinite length"},
      {text_key + bytes({0xff}), "break where none may be"},
      {text_key + bytes({0xf8, 0x20}), "unknown simple value"},
      {text_key + bytes({0x7f, 0x41, 'a', 0xff}), "malformed string"},
      {text_key + bytes({0x7f, 0x7f, 0xff, 0xff}), "malformed string"},
      {text_key + bytes({0x61, 0xff}), "not UTF-8"},
      {text_key + bytes({0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "ends too early"},
      {text_key + bytes({0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "ends too early"},
      {text_key + bytes({0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "longer than the body"},
      {text_key + bytes({0xc1, 0x61, 'a'}), "timestamp that is none"},
      {text_key + bytes({0xc1, 0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0}), "timestamp that is none"},
      {bytes({0xa1, 0x01, 0x01}), "map key that is no text"},
      {bytes({0xa0, 0x00}), "goes on after its end"},
      {bytes({0x80}), "must be a structure"},
      {text_key + bytes({0x01}), "Text must be a string"},
  };
  for (const auto& [body, wanted] : cases) {
    EXPECT_NE(error_of(read_cbor(shapes.input, body)).find(wanted), std::string::npos)
        << wanted << " / " << error_of(read_cbor(shapes.input, body));
  }
}

TEST(Cbor, TakesEveryFormOfOneValue) {
  const Shapes shapes;
  const std::string real_key = bytes({0xa1, 0x64, 'R', 'e', 'a', 'l'});
  for (const std::string& form :
       {bytes({0x02}), bytes({0xf9, 0x40, 0x00}), bytes({0xfa, 0x40, 0, 0, 0}),
        bytes({0xfb, 0x40, 0, 0, 0, 0, 0, 0, 0}), bytes({0x1b, 0, 0, 0, 0, 0, 0, 0, 2})}) {
    EXPECT_EQ(read_cbor(shapes.input, real_key + form)->real("Real"), 2.0);
  }
  // Indefinite map, text of two pieces, undefined.
  const auto value =
      read_cbor(shapes.input, bytes({0xbf, 0x7f, 0x62, 'T',  'e',  0x62, 'x', 't', 0xff, 0x7f, 0x61,
                                     'a',  0x61, 'b',  0xff, 0x64, 'F',  'l', 'a', 'g',  0xf7, 0xff}));
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(*value, Value().set("Text", "ab"));
  const std::string long_key = bytes({0xa1, 0x64, 'L', 'o', 'n', 'g'});
  EXPECT_EQ(read_cbor(shapes.input, long_key + bytes({0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}))
                ->integer("Long"),
            INT64_MIN);
  EXPECT_FALSE(read_cbor(shapes.input, long_key + bytes({0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0})));
}

TEST(Cbor, BoundsDepthAndCount) {
  const Shapes shapes;
  const auto nested = [](std::size_t depth) {
    return bytes({0xa1, 0x61, 'x'}) + std::string(depth - 1, '\x81') + bytes({0x00});
  };
  EXPECT_TRUE(read_cbor(shapes.input, nested(limits::smithy_depth_max)));
  EXPECT_FALSE(read_cbor(shapes.input, nested(limits::smithy_depth_max + 1)));
  const std::string many = bytes({0xa1, 0x61, 'x', 0x9f}) + std::string(limits::smithy_nodes_max, '\x00');
  EXPECT_NE(error_of(read_cbor(shapes.input, many + "\xff")).find("too many"), std::string::npos);
}

TEST(Query, RefusesWhatDoesNotFit) {
  const Shapes shapes;
  const auto error = [&](const std::string& form) {
    const auto parsed = QueryForm::parse(form);
    return parsed ? error_of(parsed->read(shapes.input)) : parsed.error().code;
  };
  EXPECT_EQ(error("A=%"), "MalformedQueryString");
  EXPECT_EQ(error("A=%ff"), "MalformedQueryString");
  EXPECT_EQ(error("A=1&A=1"), "MalformedQueryString");
  EXPECT_EQ(error("A=%00"), "MalformedQueryString");
  EXPECT_EQ(error("Number=x"), "MalformedInput: The parameter Number must be a whole number.");
  EXPECT_EQ(error("Number=4294967296"), "MalformedInput: The parameter Number must fit 32 bits.");
  EXPECT_EQ(error("Real=x"), "MalformedInput: The parameter Real must be a number.");
  EXPECT_EQ(error("At=1"), "MalformedInput: The parameter At must be a timestamp.");
  EXPECT_EQ(error("Text.a=1"), "MalformedInput: The parameter Text must be one value.");
  EXPECT_EQ(error("Dimensions.member.2.Count=x"),
            "MalformedInput: The parameter Dimensions.member.2.Count must be a whole number.");
  EXPECT_EQ(error("Reals.member.1=1&Reals.member.01=2"),
            "MalformedInput: The parameter Reals holds a member twice.");
  EXPECT_EQ(error("Tags.entry.1.key=a"),
            "MalformedInput: The parameter Tags must hold a key and a value in each entry.");
  EXPECT_EQ(error("Tags.entry.1.key=a&Tags.entry.1.value=1&Tags.entry.2.key=a&Tags.entry.2.value=2"),
            "MalformedInput: The parameter Tags holds a key twice.");
}

TEST(Query, ReadsListsByNumber) {
  const Shapes shapes;
  const auto form = QueryForm::parse(
      "&&Dimensions.member.10.Name=c&Dimensions.member.2.Name=b&Dimensions.member.1.Name=a+%2B&Unknown=1&"
      "Dimensions.member.1-.Name=x&Dimensions.member.99999999.Name=y&Dimensions.member.1.Unknown.deep.1=z&"
      "Reals=&Text=%E9%9B%BB\n");
  ASSERT_TRUE(form);
  const auto value = form->read(shapes.input);
  ASSERT_TRUE(value) << value.error().message;
  ASSERT_EQ(value->list("Dimensions").size(), 3U);
  EXPECT_EQ(value->list("Dimensions")[0].text_or("Name", ""), "a +");
  EXPECT_EQ(value->list("Dimensions")[2].text_or("Name", ""), "c");
  EXPECT_EQ(value->text_or("Text", ""), "電");
  EXPECT_TRUE(value->has("Reals"));
  EXPECT_TRUE(value->list("Reals").empty());
}

/// What one protocol's writer writes, the same protocol's reader reads.
TEST(Bodies, ReadBackAsTheyWere) {
  Shapes shapes;
  const Value value = Value()
                          .set("Text", "電話 <&> \"\n")
                          .set("Flag", true)
                          .set("Number", -7)
                          .set("Long", std::int64_t{INT64_MAX})
                          .set("Real", std::numeric_limits<double>::max())
                          .set("At", wall_time(1'787'540'645'126))
                          .set("Bytes", Blob{bytes({0, 1, 2, 250, 255})})
                          .set("Reals", List{1.5, -0.25, 1e-300})
                          .set("Dimensions", List{Value().set("Name", "host").set("Count", 3), Value(Map())})
                          .set("Tags", Map{{"kaden:severity", "error"}, {"x", ""}});
  const Operation operation{"Op", shapes.input, shapes.input};
  EXPECT_EQ(read_json(shapes.input, write_output(Protocol::json_1_1, {}, operation, value, "").body), value);
  EXPECT_EQ(read_cbor(shapes.input, write_output(Protocol::cbor, {}, operation, value, "").body), value);
}

TEST(TextForms, ReadBackAsTheyWere) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd"}) {
    EXPECT_EQ(from_base64(to_base64(text)), text);
  }
  EXPECT_EQ(from_base64("YQ"), "a");
  for (const char* text : {"Y", "YQ=", "Y===", "YQ==YQ==", "Y Q=", "-_=="}) EXPECT_FALSE(from_base64(text));
  EXPECT_EQ(epoch_text(wall_time(-1)), "-0.001");
  EXPECT_EQ(epoch_text(wall_time(1'500)), "1.5");
  EXPECT_EQ(parse_http_date("Tue, 29 Apr 2014 18:30:38 GMT"), wall_time(1'398'796'238'000));
  EXPECT_FALSE(parse_http_date("Tue, 29 Foo 2014 18:30:38 GMT"));
  EXPECT_FALSE(time_of_epoch(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(time_of_epoch(INT64_MAX));
}

TEST(Requests, AreToldApartByTheirHead) {
  const auto call = [](const char* path, Headers headers) {
    const Call found = call_of(path, headers);
    return std::to_string(static_cast<int>(found.protocol)) + " " + found.service + " " + found.operation;
  };
  EXPECT_EQ(call("/", {}), "0  ");
  EXPECT_EQ(call("/", {{"X-AMZ-Target", "A.b.C"}, {"Content-Type", "application/x-amz-json-1.0"}}),
            "1 A.b C");
  EXPECT_EQ(call("/", {{"content-type", "application/x-amz-json-1.1"}}), "2  ");
  EXPECT_EQ(call("/x/service/S/operation/O", {{"Smithy-Protocol", "rpc-v2-cbor"}}), "3 S O");
  EXPECT_EQ(call("/service/S/O", {}), "3  ");
}

} // namespace
} // namespace kaden::smithy
