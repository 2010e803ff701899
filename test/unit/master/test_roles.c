/*
 * The tables of the trust map against each other: who is called hears what the caller may say, whoever serves
 * has listeners, and a login finds its way. A role that is added with a table forgotten fails here.
 */
#include "../unit.h"

#include <stdio.h>

#include "config/services.h"
#include "master/roles.h"

static const struct role *role_of(unsigned bit)
{
	for (size_t i = 0; i < roles_count; i++)
		if (roles[i].bit == bit)
			return &roles[i];
	return NULL;
}

static bool have_channel(const struct role *a, const struct role *b)
{
	return a->calls & b->bit || b->calls & a->bit;
}

static bool has_verb(const struct role *role, unsigned peer, unsigned type)
{
	const struct link_verb *verb = role_verbs(role, peer);
	while (verb && verb->type && verb->type != type)
		verb++;
	return verb && verb->type == type;
}

static void rows_are_whole(void **state)
{
	(void)state;
	unsigned before = 0;
	for (size_t i = 0; i < roles_count; i++) {
		const struct role *role = &roles[i];
		assert_string_equal(role->name, role_bit_name(role->bit));
		assert_int_equal(role_bit_by_name(role->name), role->bit);
		assert_ptr_equal(role_by_name(role->name), role);
		assert_non_null(role->functions);
		assert_non_null(role->functions->serve);
		assert_non_null(role->functions->peer);
		assert_non_null(role->sandbox);
		assert_true(role->stop < STOP_GROUPS);
		assert_int_equal(before & role->bit, 0);
		/* Whoever is called runs before its callers, and stops with them or after them. */
		assert_int_equal(role->calls & ~before, 0);
		for (size_t j = 0; j < i; j++)
			if (role->calls & roles[j].bit)
				assert_true(roles[j].stop >= role->stop);
		before |= role->bit;
	}
	assert_null(role_by_name("master"));
	assert_null(role_by_name(""));
	assert_null(role_bit_name(ROLE_SMTP | ROLE_POP3));
	assert_int_equal(role_bit_by_name("gopher"), 0);
}

/* An administrator may have a channel to an account's mail as well, which hears what imap's does. On auth's
 * end of administration nothing else is heard than this one (test/frames/auth/administer.frames). */
static bool has_verb_for(const struct role *role, unsigned peer, unsigned type)
{
	return has_verb(role, peer, type) || type == MESSAGE_ADMINISTER ||
	       (peer == ROLE_ADMIN && has_verb(role, ROLE_IMAP, type));
}

/* And says on it what no other may. */
static unsigned whoever_has(const struct role_hears *hears)
{
	return hears->from & ROLE_IMAP ? hears->from | ROLE_ADMIN : hears->from;
}

/* Answers need no row: they find their question. */
static void hears(const struct role *role, unsigned peer)
{
	for (unsigned type = 0; type < MESSAGE_TYPES; type++)
		if (ipc_allowed(type, peer, role->bit) && ipc_answers(type) == 0 &&
		    !has_verb_for(role, peer, type))
			fail_msg(
			    "%s has no verb for %s from %s", role->name, ipc_name(type), role_bit_name(peer));
}

static void whoever_is_called_hears_all_that_may_be_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < roles_count; i++)
		for (size_t j = 0; j < roles_count; j++)
			if (have_channel(&roles[i], &roles[j]))
				hears(&roles[i], roles[j].bit);
	hears(role_of(ROLE_AUTH), ROLE_ADMIN);
	hears(role_of(ROLE_STORE), ROLE_ADMIN);
}

static void nobody_hears_what_nobody_may_say(void **state)
{
	(void)state;
	unsigned rows = 0;
	for (size_t i = 0; i < roles_count; i++) {
		const struct role_hears *hears = roles[i].functions->hears;
		for (; hears && hears->from; hears++)
			for (const struct link_verb *verb = hears->verbs; verb->type; verb++) {
				assert_non_null(verb->carry_out);
				if (!ipc_allowed(verb->type, whoever_has(hears), roles[i].bit))
					fail_msg(
					    "%s hears %s from nobody", roles[i].name, ipc_name(verb->type));
				rows++;
			}
	}
	assert_true(rows >= 25);
}

/* A service's role listens; where people log in, it asks auth, and gets the account's channel if the service
 * has one. */
static void each_service_has_what_it_needs(void **state)
{
	(void)state;
	for (enum service service = 0; service < SERVICES; service++) {
		const struct service_row *row = service_row(service);
		const struct role *role = role_by_name(row->role);
		assert_non_null(role);
		assert_non_null(role->functions->listener);
		assert_ptr_equal(service_by_name(view_from_string(row->name)), row);
		if (row->socket && row->open)
			assert_true(role->bit & EDGES);
		if (row->socket && !row->open)
			assert_true(ipc_allowed(MESSAGE_DIRECTORY, ROLE_ADMIN, role->bit) ||
			            ipc_allowed(MESSAGE_COMMAND, ROLE_ADMIN, role->bit));
		if (row->tls)
			assert_true(role->files & 1 << FILE_CHAIN);
		if (row->credential) {
			assert_true(role->calls & ROLE_AUTH);
			assert_true(ipc_allowed(MESSAGE_LOGIN, role->bit, ROLE_AUTH));
			assert_true(has_verb(role_of(ROLE_AUTH), role->bit, MESSAGE_LOGIN));
		}
		if (row->channel) {
			/* Both ends: this protocol's questions in store, and store's answers in the role. */
			assert_true(row->credential != 0);
			assert_non_null(role_verbs(role_of(ROLE_STORE), role->bit));
			hears(role_of(ROLE_STORE), role->bit);
			assert_non_null(role_verbs(role, ROLE_STORE));
			for (unsigned type = MESSAGES_MAILBOX; type < MESSAGES_KEYS; type++)
				if (ipc_allowed(type, ROLE_STORE, role->bit) &&
				    !has_verb(role, ROLE_STORE, type))
					fail_msg("%s does not hear %s", role->name, ipc_name(type));
		}
	}
	assert_null(service_by_name(VIEW("gopher")));
	assert_null(service_by_name(VIEW("")));
}

/* Who meets strangers holds no keys and no mail, and is told when a right ends. */
static void strangers_meet_the_edges_alone(void **state)
{
	(void)state;
	for (enum service service = 0; service < SERVICES; service++) {
		const struct role *role = role_by_name(service_row(service)->role);
		if (service_row(service)->socket && !service_row(service)->open)
			continue;
		assert_true(role->bit & EDGES);
		assert_false(role->gets_folder);
		assert_int_equal(role->files & (1 << FILE_KEY | 1 << FILE_SECRET), 0);
		assert_int_equal(role->stop, STOP_STRANGERS);
		/* A login without a channel lives in its role's memory: only a message can end it. */
		if (service_row(service)->credential && !service_row(service)->channel)
			assert_true(ipc_allowed(MESSAGE_REVOKE, ROLE_AUTH, role->bit));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_whole),
	    cmocka_unit_test(whoever_is_called_hears_all_that_may_be_said),
	    cmocka_unit_test(nobody_hears_what_nobody_may_say),
	    cmocka_unit_test(each_service_has_what_it_needs),
	    cmocka_unit_test(strangers_meet_the_edges_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
