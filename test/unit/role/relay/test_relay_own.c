/* Which addresses are this machine's. Every machine has 127.0.0.1. */
#include "../../unit.h"

#include <netinet/in.h>
#include <stdio.h>

#include "io/network.h"
#include "role/relay/relay_own.h"
#include "role/relay/relay_state.h"

static struct role_process process;

static int start(void **state)
{
	(void)state;
	relay_role.process = &process;
	process.settings = (struct settings){0};
	return 0;
}

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage a;
	assert_true(network_parse(view_from_string(text), &a));
	return a;
}

static bool may_reach(const char *text)
{
	struct sockaddr_storage a = address(text);
	return relay_may_reach(&a);
}

static void names_lead_to_public_addresses_alone(void **state)
{
	(void)state;
	relay_own_configure(&process.settings);
	assert_true(may_reach("8.8.8.8"));
	assert_true(may_reach("2606:4700::1"));
	assert_false(may_reach("127.0.0.1"));
	assert_false(may_reach("10.0.0.1"));
	assert_false(may_reach("::1"));
	process.settings.relay_networks = VIEW("10.0.0.0/8");
	assert_true(may_reach("10.0.0.1"));
	assert_false(may_reach("192.168.0.1"));
}

static bool listens(const char *text, uint16_t port)
{
	size_t count;
	const struct sockaddr_storage *own = relay_own_listeners(&count);
	struct sockaddr_storage a = address(text);
	for (size_t i = 0; i < count; i++)
		if (network_same(&own[i], &a) &&
		    (own[i].ss_family == AF_INET
		            ? ((const struct sockaddr_in *)&own[i])->sin_port
		            : ((const struct sockaddr_in6 *)&own[i])->sin6_port) == htons(port))
			return true;
	return false;
}

static void a_wildcard_is_all_addresses_of_the_machine(void **state)
{
	(void)state;
	process.settings.smtp_listen = VIEW("0.0.0.0:2025\n192.0.2.7:26\n[2001:db8::7]:27\nnonsense");
	relay_own_configure(&process.settings);
	assert_true(listens("127.0.0.1", 2025));
	assert_false(listens("127.0.0.1", 26));
	assert_true(listens("192.0.2.7", 26));
	assert_true(listens("2001:db8::7", 27));
	assert_false(listens("2001:db8::7", 2025));
}

static void more_listeners_than_anybody_has_are_all_known(void **state)
{
	enum { MANY = 300 };
	static char lines[MANY * 20];
	size_t n = 0;
	(void)state;
	for (int i = 0; i < MANY; i++)
		n += (size_t)snprintf(lines + n, sizeof lines - n, "10.9.%d.%d:25\n", i / 250, i % 250);
	process.settings.smtp_listen = view_of(lines, n);
	relay_own_configure(&process.settings);
	assert_true(listens("10.9.0.0", 25));
	assert_true(listens("10.9.1.49", 25));
	assert_false(listens("10.9.1.50", 25));
}

static void the_source_is_one_of_each_family(void **state)
{
	(void)state;
	process.settings.relay_source = VIEW("192.0.2.1\n2001:db8::1");
	relay_own_configure(&process.settings);
	struct sockaddr_storage four = address("192.0.2.1"), six = address("2001:db8::1");
	assert_true(network_same(&relay_role.source4, &four));
	assert_true(network_same(&relay_role.source6, &six));
	process.settings.relay_source = VIEW("");
	relay_own_configure(&process.settings);
	assert_int_equal(relay_role.source4.ss_family, AF_UNSPEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(names_lead_to_public_addresses_alone, start),
	    cmocka_unit_test_setup(a_wildcard_is_all_addresses_of_the_machine, start),
	    cmocka_unit_test_setup(more_listeners_than_anybody_has_are_all_known, start),
	    cmocka_unit_test_setup(the_source_is_one_of_each_family, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
