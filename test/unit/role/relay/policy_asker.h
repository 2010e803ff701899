/* Who asks for MTA-STS policies in the world of policy_world.h, and what each was answered. */
#ifndef TEST_POLICY_ASKER_H
#define TEST_POLICY_ASKER_H

#include "policy_world.h"

struct asker {
	struct relay_policy_request request;
	unsigned answers;
	bool has_policy, allows_mx, allows_other;
	enum mta_sts_mode mode;
	struct asker *forgets, *finds; /* when it is answered */
};

/* Answers to all askers since the beginning of the test. */
extern unsigned answers;

/* A policy that most hosts serve: enforced, for a week. */
extern const char policy_enforce[];

/* Before each test: nobody has asked, each host serves policy_enforce. */
int askers_setup(void **state);

/* Asks, and does not wait for the answer. */
void find(struct asker *a, const char *domain);

/* Asks and waits. */
struct asker ask(const char *domain);
void expect_policy(const char *domain, enum mta_sts_mode mode);
void expect_none(const char *domain);
/* Nothing is found, and the log says why, once. */
void expect_failure(const char *domain, const char *why);

#endif
