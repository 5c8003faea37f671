#include <algorithm>

#include "compiled.h"

namespace kaden::logfilter {

namespace {

bool is_name(char c) {
  return Reader::is_name(c) || c == '-';
}

class Fields {
 public:
  Fields(Reader& reader, FieldConditions& into) : reader_(reader), into_(into) {}

  Parsed<void> all() {
    const std::size_t begin = reader_.at();
    reader_.skip(); // the bracket
    reader_.skip_blanks();
    if (reader_.take("]")) { // no field named: any number of them
      into_.rest = 0;
      return {};
    }
    do {
      reader_.skip_blanks();
      if (auto read = one(); !read) return read;
      reader_.skip_blanks();
    } while (reader_.take(","));
    if (!reader_.take("]")) {
      if (reader_.is_done()) return wrong(begin, "'[' is not closed");
      return reader_.problem("expected a comma or ] and found " + reader_.seen());
    }
    return resolve();
  }

 private:
  struct Mention {
    std::string name;
    std::size_t at;
  };

  Parsed<void> one() {
    if (reader_.sees("...")) {
      if (into_.rest) return reader_.problem("... stands at most once");
      reader_.skip(3);
      into_.rest = into_.names.size();
      return {};
    }
    const std::size_t at = reader_.at();
    const std::string name(reader_.take_while(is_name));
    if (!name.empty() && std::find(into_.names.begin(), into_.names.end(), name) != into_.names.end()) {
      return wrong(at, "'" + name + "' is named twice");
    }
    into_.names.push_back(name);
    reader_.skip_blanks();
    const char next = reader_.peek();
    if (next == ',' || next == ']' || reader_.is_done()) return {};
    if (name.empty()) return reader_.problem("expected the name of a field and found " + reader_.seen());
    bool first = true;
    auto conditions = read_conditions(reader_, [&]() -> Parsed<Node> {
      Mention mention{name, at};
      if (!first) {
        mention = {std::string(), reader_.at()};
        mention.name = reader_.take_while(is_name);
        if (mention.name.empty())
          return reader_.problem("expected the name of a field and found " + reader_.seen());
        reader_.skip_blanks();
      }
      first = false;
      return condition(std::move(mention));
    });
    if (!conditions) return tl::unexpected(conditions.error());
    into_.root.parts.push_back(std::move(*conditions));
    return {};
  }

  Parsed<Node> condition(Mention mention) {
    auto comparison = read_comparison(reader_);
    if (!comparison) return tl::unexpected(comparison.error());
    mentions_.push_back(std::move(mention));
    into_.tests.push_back({0, std::move(*comparison)});
    return Node{Node::Kind::test, into_.tests.size() - 1, {}};
  }

  /// A condition may speak of a field that is named further right.
  Parsed<void> resolve() {
    for (std::size_t i = 0; i < mentions_.size(); ++i) {
      const auto found = std::find(into_.names.begin(), into_.names.end(), mentions_[i].name);
      if (found == into_.names.end()) {
        return wrong(mentions_[i].at, "there is no field '" + mentions_[i].name + "'");
      }
      into_.tests[i].field = static_cast<std::size_t>(found - into_.names.begin());
    }
    return {};
  }

  Reader& reader_;
  FieldConditions& into_;
  std::vector<Mention> mentions_; // one for each test
};

} // namespace

Parsed<FieldConditions> FieldConditions::read(Reader& reader) {
  FieldConditions conditions;
  if (const auto read = Fields(reader, conditions).all(); !read) return tl::unexpected(read.error());
  return conditions;
}

bool FieldConditions::match(const Message& message) const {
  const auto fields = message.fields();
  if (!fits(fields.size())) return false;
  return holds(root, [&](std::size_t index) {
    const Test& test = tests[index];
    const std::string_view field = fields[place_of(test.field, fields.size())];
    return test.comparison.holds(field, test.comparison.number ? number_of(field) : std::nullopt);
  });
}

} // namespace kaden::logfilter
