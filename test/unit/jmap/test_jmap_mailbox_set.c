#include <errno.h>
#include <stdio.h>

#include "jmap_fake_store.h"

#define SET(arguments) "['Mailbox/set',{'accountId':'A7'," arguments "},'c']"

static int begin(void **state)
{
	static struct fake_store store;
	fake_store_begin(&store);
	*state = &store;
	return 0;
}

static int end(void **state)
{
	fake_store_end(*state);
	return 0;
}

static void has(const char *text, const char *part)
{
	char quoted[4096];
	size_t len = strlen(part);
	assert_true(len < sizeof quoted);
	for (size_t i = 0; i <= len; i++)
		quoted[i] = part[i] == '\'' ? '"' : part[i];
	if (strstr(text, quoted) == NULL)
		assert_string_equal(text, quoted);
}

/* ---- create ---- */

static void makes_mailboxes(void **state)
{
	struct fake_store *s = *state;
	fake_store_call(s, SET("'create':{'k':{'name':'Gr\xc3\xbcn','parentId':'M7-3'}}"),
	    "['Mailbox/set',{'accountId':'A7','oldState':'10','newState':'12','created':{'k':{'id':'M7-4',"
	    "'totalEmails':0,'unreadEmails':0,'totalThreads':0,'unreadThreads':0,'role':null,'sortOrder':0,"
	    "'isSubscribed':true,'myRights':{'mayReadItems':true,'mayAddItems':true,'mayRemoveItems':true,"
	    "'maySetSeen':true,'maySetKeywords':true,'mayCreateChild':true,'mayRename':true,'mayDelete':true,"
	    "'maySubmit':true}}},'notCreated':null,'updated':null,'notUpdated':null,'destroyed':null,"
	    "'notDestroyed':null},'c']");
	assert_non_null(fake_store_mailbox(s, 0, "Work/Gr\xc3\xbcn"));
	has(fake_store_answer(s, SET("'create':{'k':{'name':'S','parentId':null,'role':'sent','sortOrder':7,"
	                             "'isSubscribed':false}}")),
	    "'created':{'k':{'id':'M7-5'");
	const struct fake_mailbox *m = fake_store_mailbox(s, 0, "S");
	assert_int_equal(m->role, MAILBOX_ROLE_SENT);
	assert_int_equal(m->order, 7);
	assert_int_equal(m->subscribed, 0);
	/* Decomposed letters are the same name. */
	has(fake_store_answer(s, SET("'create':{'k':{'name':'Gru\xcc\x88n','parentId':'M7-3'}}")),
	    "'notCreated':{'k':{'type':'alreadyExists','existingId':'M7-4'");
}

/* Parents that the same call makes, whatever the order. */
static void makes_trees(void **state)
{
	struct fake_store *s = *state;
	const char *said =
	    fake_store_answer(s, SET("'create':{'c':{'name':'C','parentId':'#b'},'b':{'name':'B',"
	                             "'parentId':'#a'},'a':{'name':'A'},'d':{'name':'D','parentId':'#x'},"
	                             "'e':{'name':'E','parentId':'#e'}}"));
	assert_non_null(fake_store_mailbox(s, 0, "A/B/C"));
	has(said, "'d':{'type':'invalidProperties','properties':['parentId']");
	has(said, "'e':{'type':'invalidProperties','properties':['parentId']");
	/* And mail into one at once. */
	said = fake_store_answer(s,
	    SET("'create':{'m':{'name':'M'}}") ",['Email/set',{'accountId':'A7','create':{'k':{'mailboxIds':"
	                                       "{'#m':true}}}},'d'],['Email/set',{'accountId':'A7','update':"
	                                       "{'#k':{'mailboxIds/#m':null,'mailboxIds/M7-1':true}}},'e']");
	has(said, "'updated':{'E7-1':null}");
	assert_int_equal(fake_store_email(s, 0, 1)->mailboxes[0], 1);
}

static void refused(struct fake_store *s, const char *object, const char *error)
{
	char calls[1000], expected[500];
	snprintf(calls, sizeof calls, SET("'create':{'k':{%s}}"), object);
	snprintf(expected, sizeof expected, "'created':null,'notCreated':{'k':{%s", error);
	has(fake_store_answer(s, calls), expected);
}

static void refuses_creations(void **state)
{
	struct fake_store *s = *state;
	char object[500];
	refused(s, "", "'type':'invalidProperties','properties':['name']");
	refused(s, "'name':''", "'type':'invalidProperties','properties':['name']");
	refused(s, "'name':7", "'type':'invalidProperties','properties':['name']");
	refused(s, "'name':'a/b'", "'type':'invalidProperties','properties':['name']");
	refused(s, "'name':'a\\nb'", "'type':'invalidProperties','properties':['name']");
	snprintf(object, sizeof object, "'name':'%0201d'", 1);
	refused(s, object, "'type':'invalidProperties','properties':['name']");
	refused(s, "'name':'Work'", "'type':'alreadyExists','existingId':'M7-3'");
	refused(s, "'name':'inbox'", "'type':'alreadyExists','existingId':'M7-1'");
	refused(s, "'name':'a','parentId':'M7-9'", "'type':'invalidProperties','properties':['parentId']");
	refused(s, "'name':'a','parentId':'M9-1'", "'type':'invalidProperties','properties':['parentId']");
	refused(s, "'name':'a','parentId':7", "'type':'invalidProperties','properties':['parentId']");
	refused(s, "'name':'a','role':'drafts'", "'type':'invalidProperties','properties':['role']");
	refused(s, "'name':'a','role':'inbox'", "'type':'invalidProperties','properties':['role']");
	refused(s, "'name':'a','role':'Sent'", "'type':'invalidProperties','properties':['role']");
	refused(
	    s, "'name':'a','sortOrder':2147483648", "'type':'invalidProperties','properties':['sortOrder']");
	refused(s, "'name':'a','sortOrder':-1", "'type':'invalidProperties','properties':['sortOrder']");
	refused(s, "'name':'a','isSubscribed':1", "'type':'invalidProperties','properties':['isSubscribed']");
	refused(s, "'name':'a','totalEmails':0", "'type':'invalidProperties','properties':['totalEmails']");
	refused(s, "'name':'a','id':'M7-3'", "'type':'invalidProperties','properties':['id']");
	assert_int_equal(s->mailbox_count, 4);
	/* Twenty levels are the most. */
	strcpy(object, "['Mailbox/set',{'accountId':'A7','create':{'l0':{'name':'l'}");
	char calls[4000] = "";
	strcpy(calls, object);
	for (int i = 1; i < 22; i++)
		sprintf(calls + strlen(calls), ",'l%d':{'name':'l','parentId':'#l%d'}", i, i - 1);
	strcat(calls, "}},'c']");
	const char *said = fake_store_answer(s, calls);
	has(said, "'notCreated':{'l20':{'type':'invalidProperties','properties':['parentId']");
	assert_int_equal(s->mailbox_count, 24);
	/* What cannot be set as it was wanted is not made. */
	s->fails_type = MAIL_SET;
	s->fails_error = -ENOSPC;
	refused(s, "'name':'half','sortOrder':3", "'type':'serverUnavailable'");
	assert_null(fake_store_mailbox(s, 0, "half"));
	s->fails_type = MAIL_CREATE;
	s->fails_error = -EMLINK;
	refused(s, "'name':'many'", "'type':'invalidProperties'");
}

/* ---- update ---- */

static void changes_mailboxes(void **state)
{
	struct fake_store *s = *state;
	fake_store_answer(s, SET("'create':{'a':{'name':'In','parentId':'M7-3'}}"));
	has(fake_store_answer(s, SET("'update':{'M7-3':{'name':'Job','sortOrder':5,'isSubscribed':true}}")),
	    "'updated':{'M7-3':null},'notUpdated':null");
	assert_int_equal(fake_store_mailbox(s, 0, "Job")->order, 5);
	assert_non_null(fake_store_mailbox(s, 0, "Job/In"));
	has(fake_store_answer(
	        s, SET("'update':{'M7-3':{'parentId':'M7-2'},'M7-4':{'parentId':null,'name':'Out'}}")),
	    "'updated':{'M7-3':null,'M7-4':null}");
	assert_non_null(fake_store_mailbox(s, 0, "Drafts/Job"));
	assert_non_null(fake_store_mailbox(s, 0, "Out"));
	/* The id as it is may stand there. */
	has(fake_store_answer(s, SET("'update':{'M7-4':{'id':'M7-4','name':'Out','role':'archive'}}")),
	    "'updated':{'M7-4':null}");
	assert_int_equal(fake_store_mailbox(s, 0, "Out")->role, MAILBOX_ROLE_ARCHIVE);
	/* Two exchange their roles in one call. */
	has(fake_store_answer(s, SET("'update':{'M7-4':{'role':'drafts'},'M7-2':{'role':'archive'}}")),
	    "'updated':{'M7-4':null,'M7-2':null}");
	assert_int_equal(fake_store_mailbox(s, 0, "Out")->role, MAILBOX_ROLE_DRAFTS);
	assert_int_equal(fake_store_mailbox(s, 0, "Drafts")->role, MAILBOX_ROLE_ARCHIVE);
}

static void not_updated(struct fake_store *s, const char *id, const char *patch, const char *error)
{
	char calls[500], expected[500];
	snprintf(calls, sizeof calls, SET("'update':{'%s':{%s}}"), id, patch);
	snprintf(expected, sizeof expected, "'updated':null,'notUpdated':{'%s':{%s", id, error);
	has(fake_store_answer(s, calls), expected);
}

static void refuses_changes(void **state)
{
	struct fake_store *s = *state;
	fake_store_answer(s, SET("'create':{'a':{'name':'In','parentId':'M7-3'}}"));
	not_updated(s, "M7-9", "'name':'x'", "'type':'notFound'");
	not_updated(s, "M9-1", "'name':'x'", "'type':'notFound'");
	not_updated(s, "E7-1", "'name':'x'", "'type':'notFound'");
	not_updated(s, "M7-1", "'name':'x'", "'type':'forbidden'");
	not_updated(s, "M7-1", "'role':null", "'type':'invalidProperties','properties':['role']");
	not_updated(s, "M7-3", "'role':'drafts'", "'type':'invalidProperties','properties':['role']");
	not_updated(s, "M7-3", "'name':'Drafts'", "'type':'alreadyExists','existingId':'M7-2'");
	not_updated(s, "M7-3", "'name':'INBOX'", "'type':'alreadyExists','existingId':'M7-1'");
	not_updated(s, "M7-3", "'parentId':'M7-4'", "'type':'invalidProperties','properties':['parentId']");
	not_updated(s, "M7-3", "'parentId':'M7-3'", "'type':'invalidProperties','properties':['parentId']");
	not_updated(s, "M7-3", "'totalEmails':3", "'type':'invalidProperties','properties':['totalEmails']");
	not_updated(s, "M7-3", "'myRights/mayRename':false", "'type':'invalidProperties'");
	not_updated(s, "M7-3", "'name':null", "'type':'invalidProperties','properties':['name']");
	/* Whole or not at all: what was renamed gets its name back. */
	s->fails_type = MAIL_SET;
	s->fails_error = -ENOSPC;
	not_updated(s, "M7-3", "'name':'half','sortOrder':3", "'type':'serverUnavailable'");
	assert_non_null(fake_store_mailbox(s, 0, "Work/In"));
	has(fake_store_answer(s, SET("'ifInState':'1','update':{}")), "'type':'stateMismatch'");
}

/* ---- destroy ---- */

static void destroys_mailboxes(void **state)
{
	struct fake_store *s = *state;
	fake_store_answer(s, SET("'create':{'a':{'name':'In','parentId':'M7-3'}}"));
	struct fake_email *e = fake_store_add(s, 0, "Subject: a\r\n\r\n");
	e->mailboxes[0] = 4;
	has(fake_store_answer(s, SET("'destroy':['M7-3']")),
	    "'destroyed':null,'notDestroyed':{'M7-3':{'type':'mailboxHasChild'");
	has(fake_store_answer(s, SET("'onDestroyRemoveEmails':true,'destroy':['M7-3']")),
	    "'notDestroyed':{'M7-3':{'type':'mailboxHasChild'");
	has(fake_store_answer(s, SET("'destroy':['M7-4','M7-9','M9-1','M7-1']")),
	    "'destroyed':null,'notDestroyed':{'M7-9':{'type':'notFound'");
	has(fake_store_answer(s, SET("'destroy':['M7-4']")),
	    "'notDestroyed':{'M7-4':{'type':'mailboxHasEmail'");
	has(fake_store_answer(s, SET("'destroy':['M7-1'],'onDestroyRemoveEmails':true")),
	    "'notDestroyed':{'M7-1':{'type':'forbidden'");
	assert_non_null(fake_store_mailbox(s, 0, "Work/In"));
	/* One that is within the other goes first, whatever the order. */
	has(fake_store_answer(s, SET("'onDestroyRemoveEmails':true,'destroy':['M7-3','M7-4']")),
	    "'destroyed':['M7-4','M7-3'],'notDestroyed':null");
	assert_null(fake_store_mailbox(s, 0, "Work"));
	has(fake_store_answer(s, SET("'onDestroyRemoveEmails':1,'destroy':[]")), "'type':'invalidArguments'");
}

/* Of a shared account: what its list of rights allows. */
static void changes_shared_accounts(void **state)
{
	struct fake_store *s = *state;
	const char *said = fake_store_answer(s,
	    "['Mailbox/set',{'accountId':'A9','create':{'k':{'name':'New','sortOrder':0,'role':null},"
	    "'l':{'name':'Other','sortOrder':1}},'update':{'M9-1':{'isSubscribed':true},'M7-3':{'name':'x'}}}"
	    ",'c']");
	has(said, "'created':{'k':{'id':'M9-2'");
	has(said, "'isSubscribed':false");
	has(said, "'notCreated':{'l':{'type':'forbidden'");
	has(said, "'updated':{'M9-1':null},'notUpdated':{'M7-3':{'type':'notFound'");
	assert_non_null(fake_store_mailbox(s, FAKE_OTHER, "New"));
	assert_null(fake_store_mailbox(s, FAKE_OTHER, "Other"));
	assert_non_null(fake_store_mailbox(s, 0, "Work"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(makes_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(makes_trees, begin, end),
	    cmocka_unit_test_setup_teardown(refuses_creations, begin, end),
	    cmocka_unit_test_setup_teardown(changes_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(refuses_changes, begin, end),
	    cmocka_unit_test_setup_teardown(destroys_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(changes_shared_accounts, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
