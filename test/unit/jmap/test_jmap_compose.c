#include <errno.h>

#include "../unit.h"

#include "jmap/jmap_compose.h"

#define HEAD "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
#define ID "Message-ID: <id@example.org>\r\n"
#define MIME "MIME-Version: 1.0\r\n"
#define BOUNDARY "0123456789abcdef"
#define PLAIN(text) "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" text
#define HTML(text) "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" text
#define LINE(n) "\r\n--=_" BOUNDARY "_" n "\r\n"
#define END(n) "\r\n--=_" BOUNDARY "_" n "--\r\n"
#define MULTI(kind, n) "Content-Type: multipart/" kind ";\r\n boundary=\"=_" BOUNDARY "_" n "\"\r\n"

struct compose_test {
	struct arena arena;
	json_t *object;
	struct jmap_composed composed;
	int error;
};

/* Apostrophes stand for quotation marks. */
static void compose(struct compose_test *t, const char *text)
{
	char json[8192];
	json_error_t error;
	assert_true(strlen(text) < sizeof json);
	strcpy(json, text);
	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	arena_init(&t->arena, 8 << 20);
	t->object = json_loads(json, 0, &error);
	assert_non_null(t->object);
	t->error =
	    jmap_compose(t->object, &t->arena, 0, VIEW("id@example.org"), VIEW(BOUNDARY), &t->composed);
}

static void done(struct compose_test *t)
{
	json_decref(t->object);
	arena_done(&t->arena);
}

/* Blobs' octets are their ids. */
static void writes(const char *object, const char *expected)
{
	struct compose_test t;
	struct draft_writer w;
	struct buf out;
	enum draft_next next;
	size_t blob;
	compose(&t, object);
	assert_string_equal(t.composed.description ? t.composed.description : "", "");
	assert_int_equal(t.error, 0);
	buf_init(&out, 1 << 20);
	assert_int_equal(draft_writer_begin(&w, &t.composed.draft), 0);
	while ((next = draft_write(&w, 100, &out, &blob)) != DRAFT_END)
		if (next == DRAFT_NEEDS_BLOB)
			assert_int_equal(draft_write_blob(&w, t.composed.blobs[blob].id, true, &out), 0);
	draft_writer_done(&w);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
	done(&t);
}

static void refuses(const char *object, const char *properties)
{
	struct compose_test t;
	compose(&t, object);
	char text[4200];
	assert_true(t.composed.properties.len < sizeof text);
	memcpy(text, t.composed.properties.data, t.composed.properties.len);
	text[t.composed.properties.len] = '\0';
	assert_string_equal(text, properties);
	assert_int_equal(t.error, -EINVAL);
	assert_non_null(t.composed.description);
	done(&t);
}

/* ---- the header ---- */

static void writes_fields(void **state)
{
	(void)state;
	writes("{}", HEAD ID MIME PLAIN(""));
	writes("{'subject':'One','to':[{'email':'b@example.net'}],'from':[{'name':'Ann','email':'a@example."
	       "org'}],"
	       "'bcc':[{'name':null,'email':'c@example.net'}],'messageId':['m@example.org'],"
	       "'inReplyTo':['r@example.org'],'references':['q@example.org','r@example.org'],"
	       "'sentAt':'2014-10-30T14:12:00+08:00','replyTo':null,'cc':[],'mailboxIds':{'M1-1':true}}",
	    "Date: Thu, 30 Oct 2014 14:12:00 +0800\r\nFrom: Ann <a@example.org>\r\nTo: b@example.net\r\n"
	    "Bcc: c@example.net\r\nSubject: One\r\nMessage-ID: <m@example.org>\r\n"
	    "In-Reply-To: <r@example.org>\r\nReferences: <q@example.org> <r@example.org>\r\n" MIME PLAIN(""));
	writes("{'header:X-Mine':' raw','header:X-List:all':[' one',' two'],"
	       "'header:Resent-To:asAddresses:all':[[{'email':'a@example.org'}],[{'email':'b@example.org'}]],"
	       "'header:List-Post:asURLs':['mailto:l@example.org'],'header:X-Text:asText':'words',"
	       "'header:Cc:asGroupedAddresses':[{'name':'G','addresses':[{'email':'g@example.org'}]},"
	       "{'name':null,'addresses':[{'email':'h@example.org'}]}]}",
	    "Resent-To: a@example.org\r\nResent-To: b@example.org\r\n" HEAD
	    "Cc: G: g@example.org;, h@example.org\r\n" ID
	    "X-Mine: raw\r\nX-List: one\r\nX-List: two\r\nList-Post: <mailto:l@example.org>\r\n"
	    "X-Text: words\r\n" MIME PLAIN(""));
	/* What the client says of Date, Message-ID and MIME-Version counts. */
	writes("{'header:Date':' today','header:message-id':' <x@y>','header:MIME-Version':' 1.0 (mine)'}",
	    "Date: today\r\nmessage-id: <x@y>\r\nMIME-Version: 1.0 (mine)\r\n" PLAIN(""));
}

static void refuses_fields(void **state)
{
	(void)state;
	refuses("{'headers':[]}", "headers");
	refuses("{'subject':1}", "subject");
	refuses("{'subject':'a\\nBcc: eve@example.net'}", "subject");
	refuses("{'subject':'a','header:Subject:asText':'b'}", "subject,header:Subject:asText");
	refuses("{'header:X-A':'a','header:x-a:asText':'b'}", "header:X-A,header:x-a:asText");
	refuses("{'from':{'email':'a@example.org'}}", "from");
	refuses("{'from':[{'name':'a'}]}", "from");
	refuses("{'from':[{'email':null}]}", "from");
	refuses("{'from':[{'email':'a@example.org','age':7}]}", "from");
	refuses("{'from':[{'email':'a@example.org\\r\\n'}]}", "from");
	refuses("{'messageId':'a@example.org'}", "messageId");
	refuses("{'messageId':[1]}", "messageId");
	refuses("{'messageId':['a>, <b']}", "messageId");
	refuses("{'sentAt':'yesterday'}", "sentAt");
	refuses("{'header:From:asText':'a'}", "header:From:asText");
	refuses("{'header:Subject:asAddresses':[]}", "header:Subject:asAddresses");
	refuses("{'header:X-A:asText:all':'a'}", "header:X-A:asText:all");
	refuses("{'header:X-A:all':['a',null]}", "header:X-A:all");
	refuses("{'header:X-A:asSong':'a'}", "header:X-A:asSong");
	refuses("{'header:X A':'a'}", "header:X A");
	refuses("{'header:X-A':' a\\r\\nBcc: eve@example.net'}", "header:X-A");
	refuses("{'header:Content-Type':'text/plain','header:content-id:all':[]}",
	    "header:Content-Type,header:content-id:all");
	refuses("{'colour':'red','id':'E1-1','hasAttachment':true,'size':1}", "colour,id,hasAttachment,size");
}

/* ---- the body ---- */

static void writes_texts_and_attachments(void **state)
{
	(void)state;
	writes("{'textBody':[{'partId':'t','type':'text/plain'}],'bodyValues':{'t':{'value':'a\\nb'}}}",
	    HEAD ID MIME PLAIN("a\r\nb"));
	writes("{'htmlBody':[{'partId':'1'}],'bodyValues':{'1':{'value':'<p>','isTruncated':false}}}",
	    HEAD ID MIME HTML("<p>"));
	writes("{'textBody':[{'partId':'t'}],'htmlBody':[{'partId':'h'}],"
	       "'bodyValues':{'t':{'value':'a'},'h':{'value':'b'}}}",
	    HEAD ID MIME MULTI("alternative", "1") LINE("1") PLAIN("a") LINE("1") HTML("b") END("1"));
	writes("{'textBody':[{'partId':'t'}],'htmlBody':[{'partId':'h'}],"
	       "'attachments':[{'blobId':'pic','type':'image/png','cid':'p@x','disposition':'inline'},"
	       "{'blobId':'file','type':'application/pdf','name':'R\xc3\xa4t.pdf'}],"
	       "'bodyValues':{'t':{'value':'a'},'h':{'value':'b'}}}",
	    HEAD ID MIME MULTI("mixed", "1") LINE("1") MULTI("alternative", "2") LINE("2") PLAIN("a")
	        LINE("2") MULTI("related", "3") LINE("3") HTML("b") LINE(
	            "3") "Content-Type: image/png\r\nContent-Disposition: inline\r\nContent-ID: <p@x>\r\n"
	                 "Content-Transfer-Encoding: base64\r\n\r\ncGlj\r\n" END("3") END("2")
	                     LINE("1") "Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n"
	                               " filename*=utf-8''R%C3%A4t.pdf\r\nContent-Transfer-Encoding: "
	                               "base64\r\n\r\nZmlsZQ==\r\n" END("1"));
	writes("{'attachments':[{'blobId':'file'}]}",
	    HEAD ID MIME MULTI("mixed", "1")
	        LINE("1") "Content-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n"
	                  "Content-Transfer-Encoding: base64\r\n\r\nZmlsZQ==\r\n" END("1"));
}

static void writes_structures(void **state)
{
	(void)state;
	writes("{'subject':'s','bodyStructure':{'type':'text/plain','partId':'1',"
	       "'header:Content-Language':' de','header:X-Root':' r'},'bodyValues':{'1':{'value':'x'}}}",
	    HEAD "Subject: s\r\n" ID "X-Root: r\r\n" MIME
	         "Content-Type: text/plain; charset=utf-8\r\nContent-Language: de\r\n"
	         "Content-Transfer-Encoding: 7bit\r\n\r\nx");
	writes("{'bodyStructure':{'type':'multipart/mixed','subParts':[{'partId':'1','type':'text/plain'},"
	       "{'type':'multipart/parallel'},"
	       "{'blobId':'b','type':'text/csv','charset':'iso-8859-1','name':'t.csv','language':['de','en'],"
	       "'location':'http://example.org/t'}]},'bodyValues':{'1':{'value':'x'}}}",
	    HEAD ID MIME MULTI("mixed", "1") LINE("1") PLAIN("x") LINE("1") MULTI("parallel", "2")
	        LINE("2") "\r\n" END("2")
	            LINE("1") "Content-Type: text/csv; charset=iso-8859-1;\r\n name=\"t.csv\"\r\n"
	                      "Content-Language: de, en\r\nContent-Location: http://example.org/t\r\n"
	                      "Content-Transfer-Encoding: base64\r\n\r\nYg==\r\n" END("1"));
	writes("{'bodyStructure':{'partId':'1','header:Content-Type':' text/plain; format=flowed'},"
	       "'bodyValues':{'1':{'value':'a \\nb'}}}",
	    HEAD ID MIME "Content-Type: text/plain; format=flowed; charset=utf-8\r\n"
	                 "Content-Transfer-Encoding: 7bit\r\n\r\na \r\nb");
	writes("{'bodyStructure':{'header:Content-Type:asText':'multipart/signed; micalg=pgp-sha256',"
	       "'subParts':[{'partId':'1'}]},'bodyValues':{'1':{'value':''}}}",
	    HEAD ID MIME "Content-Type: multipart/signed; micalg=pgp-sha256;\r\n boundary=\"=_" BOUNDARY
	                 "_1\"\r\n" LINE("1") PLAIN("") END("1"));
	writes("{'bodyStructure':{'blobId':'m','type':'message/rfc822'}}",
	    HEAD ID MIME "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nbQ==\r\n");
}

static void says_what_blobs_are(void **state)
{
	(void)state;
	struct compose_test t;
	compose(&t, "{'htmlBody':[{'blobId':'h'}],'attachments':[{'blobId':'a','type':'MESSAGE/rfc822'},"
	            "{'blobId':'b','type':'text/plain'},{'blobId':'c','type':'message/global'},"
	            "{'blobId':'a','type':'image/png','disposition':'inline','cid':'c'}]}");
	assert_int_equal(t.error, 0);
	assert_int_equal(t.composed.blob_count, 5);
	static const struct {
		const char *id;
		bool text, message;
	} expected[] = {{"h", true, false}, {"a", false, true}, {"b", true, false}, {"c", false, false},
	    {"a", false, false}};
	for (size_t i = 0; i < 5; i++) {
		const struct jmap_compose_blob *b = &t.composed.blobs[i];
		assert_view(b->id, expected[i].id);
		assert_int_equal(b->is_text, expected[i].text);
		assert_int_equal(b->is_message, expected[i].message);
		assert_int_equal(b->part->blob, i);
		/* What is chosen for it here is what is written. */
		b->part->encoding = TRANSFER_8BIT;
	}
	struct draft_writer w;
	struct buf out;
	size_t blob, count = 0;
	buf_init(&out, 1 << 20);
	assert_int_equal(draft_writer_begin(&w, &t.composed.draft), 0);
	while (draft_write(&w, 1 << 20, &out, &blob) == DRAFT_NEEDS_BLOB) {
		draft_write_blob(&w, VIEW("x"), true, &out);
		count++;
	}
	assert_int_equal(count, 5);
	assert_null(strstr(buf_string(&out), "base64"));
	draft_writer_done(&w);
	buf_done(&out);
	done(&t);
}

#define VALUES "'bodyValues':{'1':{'value':'x'}}"

static void refuses_bodies(void **state)
{
	(void)state;
	refuses("{'bodyStructure':{'partId':'1'},'textBody':[{'partId':'1'}],'attachments':[]," VALUES "}",
	    "textBody,attachments");
	refuses("{'subject':'a','bodyStructure':{'partId':'1','header:Subject':' b'}," VALUES "}",
	    "subject,bodyStructure/header:Subject");
	refuses("{'textBody':[{'partId':'1'},{'partId':'1'}]," VALUES "}", "textBody");
	refuses("{'textBody':[{'partId':'1','type':'text/html'}]," VALUES "}", "textBody/0/type");
	refuses("{'htmlBody':[{'partId':'1','type':'text/plain'}]," VALUES "}", "htmlBody/0/type");
	refuses(
	    "{'textBody':[{'partId':'1','header:Content-Type':'text/html'}]," VALUES "}", "textBody/0/type");
	refuses("{'textBody':[{'partId':'1','blobId':'b'}]," VALUES "}", "textBody/0/blobId");
	refuses("{'textBody':[{'partId':'2'}]," VALUES "}", "textBody/0/partId");
	refuses("{'textBody':[{}]," VALUES "}", "textBody/0/partId");
	refuses("{'textBody':[{'partId':'1','charset':'utf-8'}]," VALUES "}", "textBody/0/charset");
	refuses("{'textBody':[{'partId':'1','size':1}]," VALUES "}", "textBody/0/size");
	refuses("{'textBody':[{'partId':'1','headers':[]}]," VALUES "}", "textBody/0/headers");
	refuses("{'textBody':[{'partId':'1','colour':1}]," VALUES "}", "textBody/0/colour");
	refuses("{'textBody':['1']," VALUES "}", "textBody/0");
	refuses("{'attachments':[{'blobId':'b','type':'multipart/mixed'}]}",
	    "attachments/0/type,attachments/0/blobId");
	refuses("{'attachments':[{'blobId':'b','subParts':[]}]}", "attachments/0/type,attachments/0/blobId");
	refuses("{'bodyStructure':{'type':'text/plain','subParts':[]}}", "bodyStructure/subParts");
	refuses("{'bodyStructure':{'type':'multipart/mixed','partId':'1','blobId':'b'}," VALUES "}",
	    "bodyStructure/partId,bodyStructure/blobId");
	refuses("{'bodyStructure':{'type':'multipart/mixed','subParts':[{'partId':'1',"
	        "'header:Content-Transfer-Encoding':' 8bit'}]}," VALUES "}",
	    "bodyStructure/subParts/0/header:Content-Transfer-Encoding");
	refuses("{'bodyStructure':{'partId':'1','type':'text/plain','header:Content-Type':' text/x'}," VALUES
	        "}",
	    "bodyStructure/type,bodyStructure/header:Content-Type");
	refuses("{'bodyStructure':{'blobId':'b','cid':'c','header:content-id':' <d>','name':'n',"
	        "'disposition':'inline','header:Content-Disposition':' inline'}}",
	    "bodyStructure/disposition,bodyStructure/name,bodyStructure/header:Content-Disposition,"
	    "bodyStructure/cid,bodyStructure/header:content-id");
	refuses("{'bodyStructure':{'partId':'1','type':'text/plain\\r\\nX: y'}," VALUES "}",
	    "bodyStructure/type");
	refuses("{'bodyStructure':{'blobId':'b','type':'text'}}", "bodyStructure/type");
	refuses("{'bodyStructure':{'blobId':'b','charset':'x; y=z'}}", "bodyStructure/charset");
	refuses("{'bodyStructure':{'blobId':'b','disposition':'x; y=z'}}", "bodyStructure/disposition");
	refuses("{'bodyStructure':{'blobId':'b','name':'a\\nb'}}", "bodyStructure/name");
	refuses("{'bodyStructure':{'blobId':'b','cid':'a> <b'}}", "bodyStructure/cid");
	refuses("{'bodyStructure':{'blobId':'b','location':'a\\nb'}}", "bodyStructure/location");
	refuses("{'bodyStructure':{'blobId':'b','language':['a b']}}", "bodyStructure/language");
	refuses("{'bodyStructure':{'blobId':'b','language':'de'}}", "bodyStructure/language");
	refuses("{'bodyStructure':{'partId':'1','header:Content-Type':' text/plain; charset=latin1'}," VALUES
	        "}",
	    "bodyStructure/header:Content-Type");
	refuses("{'bodyStructure':{'header:Content-Type':' multipart/mixed; boundary=x','subParts':[]}}",
	    "bodyStructure/header:Content-Type");
	refuses("{'bodyStructure':{'partId':'1','type':'message/rfc822'}," VALUES "}", "bodyStructure/type");
	refuses(
	    "{'bodyValues':{'1':{'value':'x','isTruncated':true},'2':{'value':'x','isEncodingProblem':true},"
	    "'3':{},'4':{'value':1},'5':{'value':'','x':1}}}",
	    "bodyValues/1/isTruncated,bodyValues/2/isEncodingProblem,bodyValues/3/value,bodyValues/4/value,"
	    "bodyValues/5/x");
}

static void has_limits(void **state)
{
	(void)state;
	struct compose_test t = {0};
	/* Deeper than readers look. */
	json_t *part = json_pack("{s:s}", "blobId", "b");
	for (int i = 0; i < 40; i++)
		part = json_pack("{s:s,s:[o]}", "type", "multipart/mixed", "subParts", part);
	t.object = json_pack("{s:o}", "bodyStructure", part);
	arena_init(&t.arena, 8 << 20);
	assert_int_equal(
	    jmap_compose(t.object, &t.arena, 0, VIEW("id@x"), VIEW(BOUNDARY), &t.composed), -EINVAL);
	assert_true(t.composed.too_large);
	done(&t);
	/* More parts than they count. */
	json_t *list = json_array();
	for (int i = 0; i < 600; i++)
		json_array_append_new(list, json_pack("{s:s}", "blobId", "b"));
	t.object = json_pack("{s:o}", "attachments", list);
	arena_init(&t.arena, 8 << 20);
	assert_int_equal(
	    jmap_compose(t.object, &t.arena, 0, VIEW("id@x"), VIEW(BOUNDARY), &t.composed), -EINVAL);
	assert_true(t.composed.too_large);
	done(&t);
	/* A header that they don't read to its end. */
	list = json_array();
	for (int i = 0; i < 20000; i++)
		json_array_append_new(list, json_pack("{s:s}", "email", "somebody@example.org"));
	t.object = json_pack("{s:o}", "to", list);
	arena_init(&t.arena, 8 << 20);
	assert_int_equal(
	    jmap_compose(t.object, &t.arena, 0, VIEW("id@x"), VIEW(BOUNDARY), &t.composed), -EINVAL);
	assert_true(t.composed.too_large);
	done(&t);
}

/* Wherever the arena ends: an error, and nothing else. */
static void does_without_memory(void **state)
{
	(void)state;
	json_t *object = json_pack("{s:s,s:[{s:s}],s:[{s:s}],s:[{s:s,s:s}],s:{s:{s:s}}}", "subject", "s",
	    "to", "email", "a@example.org", "textBody", "partId", "1", "attachments", "blobId", "b", "name",
	    "n", "bodyValues", "1", "value", "x");
	int error = -ENOMEM;
	assert_non_null(object);
	for (size_t max = 0; error; max += 64) {
		struct arena arena;
		struct jmap_composed composed;
		arena_init(&arena, max);
		error = jmap_compose(object, &arena, 0, VIEW("id@x"), VIEW(BOUNDARY), &composed);
		assert_true(error == 0 || error == -ENOMEM);
		arena_done(&arena);
	}
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_fields),
	    cmocka_unit_test(refuses_fields),
	    cmocka_unit_test(writes_texts_and_attachments),
	    cmocka_unit_test(writes_structures),
	    cmocka_unit_test(says_what_blobs_are),
	    cmocka_unit_test(refuses_bodies),
	    cmocka_unit_test(has_limits),
	    cmocka_unit_test(does_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
