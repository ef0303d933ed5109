// A host name being resolved: the names to try (search list), A and AAAA of each, CNAME chains followed.
//
// Owned by a resolver, on its worker; destroying it cancels. Several askers of one name share one Lookup.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/dns/question.h"
#include "core/dns/resolver.h"

namespace skerry::dns {

class Lookup {
 public:
  using Done = core::UniqueFunction<void(core::Result<Resolution>)>;
  // `candidates` are tried in order until one exists; never empty. `done` runs once and may destroy the lookup.
  Lookup(const core::Worker&, std::shared_ptr<const ServerPolicy>, std::vector<Name> candidates, Done done);

 private:
  // A or AAAA of the current candidate.
  struct Side {
    Type type = Type::a;
    int aliases = 0;  // CNAMEs followed so far
    std::uint32_t ttl = 0;
    bool done = false;
    std::vector<core::IpAddress> addresses;
    core::Error error;
    std::unique_ptr<Question> question;
  };

  void try_candidate();
  void ask(Side&, const Name&);
  void take(Side&, core::Result<Answer>);
  void take_records(Side&, const Answer&);
  void settle();
  void conclude();

  core::Worker worker_;
  std::shared_ptr<const ServerPolicy> policy_;
  std::vector<Name> candidates_;
  std::size_t candidate_ = 0;
  Done done_;
  std::array<Side, 2> sides_{};
  core::Error first_error_;
  core::Timer grace_;  // how long the second side may take when the first has addresses
};

}  // namespace skerry::dns
