/* Askers of MTA-STS policies; see policy_asker.h. */
#include "../../unit.h"

#include <stdio.h>

#include "policy_asker.h"

unsigned answers;

static void found(void *arg, const struct mta_sts_policy *policy)
{
	struct asker *a = arg;
	answers++;
	a->answers++;
	a->has_policy = policy != NULL;
	if (policy) {
		a->mode = policy->mode;
		a->allows_mx = mta_sts_allows(policy, VIEW("mx.example"));
		a->allows_other = mta_sts_allows(policy, VIEW("a.other.example"));
	}
	if (a->forgets)
		relay_policy_forget(&a->forgets->request);
	if (a->finds)
		find(a->finds, "d0.example");
}

void find(struct asker *a, const char *domain)
{
	char copy[300]; /* of no use to anybody when the call is over */
	unsigned earlier = answers;
	snprintf(copy, sizeof copy, "%s", domain);
	a->request =
	    (struct relay_policy_request){.domain = view_from_string(copy), .found = found, .arg = a};
	relay_policy_find(&a->request);
	memset(copy, 'x', sizeof copy);
	assert_int_equal(answers, earlier);
}

struct asker ask(const char *domain)
{
	static struct asker a;
	a = (struct asker){.answers = 0};
	find(&a, domain);
	world_until(&a.answers, 1);
	return a;
}

void expect_policy(const char *domain, enum mta_sts_mode mode)
{
	struct asker a = ask(domain);
	assert_true(a.has_policy);
	assert_int_equal(a.mode, mode);
}

void expect_none(const char *domain)
{
	assert_false(ask(domain).has_policy);
}

void expect_failure(const char *domain, const char *why)
{
	unsigned earlier = world.failures;
	expect_none(domain);
	assert_int_equal(world.failures, earlier + 1);
	if (strstr(world.logged, why) == NULL || strstr(world.logged, domain) == NULL)
		fail_msg("'%s' is not said in: %s", why, world.logged);
}

const char policy_enforce[] = "version: STSv1\r\nmode: enforce\r\nmx: mx.example\r\nmax_age: 604800\r\n";

int askers_setup(void **state)
{
	answers = 0;
	world_serve_policy(policy_enforce);
	return world_setup(state);
}
