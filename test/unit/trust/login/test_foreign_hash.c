/* Hashes that Dovecot and crypt(3) have made: read, verified, and refused where they are none or cost too
 * much. */
#include "../../unit.h"

#include <errno.h>
#include <string.h>

#include "trust/login/foreign_hash.h"
#include "trust/login/password.h"

static const char right[] = "wachtelk\xc3\xb6nig 7";

/* clang-format off */
static const struct {
	const char *text;
	bool weak;
} made[] = {
    {"{SHA}hiDL5s9rq1iwi95ufqEGEvL/9qM=", true},
    {"{SHA1}hiDL5s9rq1iwi95ufqEGEvL/9qM=", true},
    {"{sha1.hex}8620cbe6cf6bab58b08bde6e7ea10612f2fff6a3", true},
    {"{SHA256}VzdXuCBSHRjND38PJn52Xi/n6ujqMZvuKhzpVqySvDs=", true},
    {"{SHA512}VGrXi4R6Pkwu6Zt3FhQ37Vyn61sVGnJ2hj8FzikI7qe+Tt6ZrksTNIk4f/R68lyqZDFx+WOR/IZGZpYvDDqsog==", true},
    {"{SSHA}1nv6a2XA66/6duD1Y95Xlx088A+nA6/x", true},
    {"{SSHA256}Zqq2IEMbKqVG5y73mCGCkn2J6khNDsJZ1XIB+cJavIsAdeCd", true},
    {"{SSHA256.HEX}30d1e8e4e5885614edd594b17cfb933f2f647b1ee44d4d898e722c144a05f3fb3708b94d", true},
    {"{SSHA512.b64}tOJrJvO/BuMb7OFV2DCrZv0oG2BdOuBI8fzjclMcF7c+yy0qGCsaYH/UMCQcDutL1KtI9kzIoGoKXflONrusGpudo+8=", true},
    {"{PBKDF2}$1$0Hn.EE2gH2d067GX$5000$d21774a2086bc8489c68ddd37124a4c6ae77b084", false},
    {"{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$EKogXszaRZ/RJGY6rh6eLg$bGNiconVoMV9XlKsW6H1NT2EjYzGtV/HmrANNGXHflA", false},
    {"{SHA512-CRYPT}$6$XiOkShITRFBUoFcE$BAO03ZXLSeOb7//7i2qjinWesBUlzLqN.bQ3OLDa5WpyJ5TPvJDUSxyamrr7uz8leyzvsPtgaVSUrTGsa2O/U.", false},
    {"{SHA256-CRYPT}$5$3B6cZOBtExL8u1Sa$zqzJ8xOISOFfnfIeqYQMkEd4OWnzJqtLstiHVfu7tj2", false},
    {"{MD5-CRYPT}$1$Yv3UaU0B$.QlCzZNm5NXa3A79a0eyC1", true},
    {"{CRYPT}$2y$05$r1V3qj.UyyOIRW22Sqe8CuFyqrDcQoFgwPwLGeOnFMGN7I6nKk812", false},
    {"{CRYPT}$6$rounds=5000$saltsaltsalt$BV5g0l15.G/cb7LMda8PgcngbEWKGG1Ejzw8gI50vXeSIXkWW27314uFHcob1AQwgEEAivO2PsNug9H7g3ihb1", false},
    {"{CRYPT}$y$j9T$saltsaltsalt$8jLsvylDjY7cdPeouBOEd8oTMpu4xMaKJu68DMRYr68", false},
    {"{ARGON2ID}$argon2id$v=19$m=262144,t=3,p=1$K298gTiq0drHV1wb8Opgig$wBPvde2KqRi0hGjAXOg8YyYuvt7ZkmoeIJUhQI4oY68", false},
    {"{BLF-CRYPT}$2y$05$0FpRSQK7ZY3mIkv9YAc8Z.MLHFkixX7lhbR/XSteoPDj256OdZ./a", false},
    {"{PLAIN}wachtelk\xc3\xb6""nig 7", true},
};
/* clang-format on */

static void what_others_made_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		struct foreign_hash h = {.scheme = NULL};
		struct view text = view_from_string(made[i].text);
		if (foreign_hash_read(text, &h) != 0 ||
		    foreign_hash_verify(text, view_from_string(right)) != 0)
			fail_msg("%s", made[i].text);
		assert_true(h.weak == made[i].weak);
		assert_int_equal(foreign_hash_verify(text, VIEW("wachtelk\xc3\xb6nig 8")), -EACCES);
		assert_int_equal(foreign_hash_verify(text, VIEW("")), -EACCES);
		/* The password of a login is looked at in the same way, and is to be hashed anew. */
		assert_int_equal(password_verify(text, view_from_string(right)), 0);
		assert_int_equal(password_verify(text, VIEW("wrong")), -EACCES);
		assert_true(password_hash_is_outdated(text));
	}
}

/* Each octet that goes or is another: whatever is still read never opens to another password, and never fails
 * hard. */
static void what_is_cut_or_changed_opens_nothing(void **state)
{
	(void)state;
	char copy[FOREIGN_HASH_MAX + 1];
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		size_t len = strlen(made[i].text);
		struct foreign_hash h;
		memcpy(copy, made[i].text, len);
		for (size_t cut = 0; cut < len; cut++)
			if (foreign_hash_read(view_of(copy, cut), &h) == 0)
				assert_true(h.text.len <= cut);
		for (size_t at = 0; at < len; at++) {
			char before = copy[at];
			copy[at] = '\0';
			assert_int_not_equal(foreign_hash_read(view_of(copy, len), &h), 0);
			copy[at] = before;
		}
	}
}

static void what_is_none_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int error;
	} wrong[] = {
	    {"", -EINVAL},
	    {"plain text", -EINVAL},
	    {"{", -EINVAL},
	    {"{}x", -EINVAL},
	    {"{SSHA", -EINVAL},
	    {"{OTP}x", -EOPNOTSUPP},
	    {"{CRAM-MD5}00", -EOPNOTSUPP},
	    {"{CRYPT.HEX}x", -EOPNOTSUPP},
	    {"{SHA.ROT13}hiDL5s9rq1iwi95ufqEGEvL/9qM=", -EOPNOTSUPP},
	    {"{PLAIN}", -EINVAL},
	    {"{CRYPT}ab01FAX.bQRSU", -EINVAL}, /* DES: it looks at eight letters of a password */
	    {"{CRYPT}*", -EINVAL},
	    {"{CRYPT}!", -EINVAL},
	    {"{SHA512-CRYPT}$1$Yv3UaU0B$.QlCzZNm5NXa3A79a0eyC1", -EINVAL},
	    {"{SHA256}hiDL5s9rq1iwi95ufqEGEvL/9qM=", -EINVAL},
	    {"{SSHA}hiDL5s9rq1iwi95ufqEGEvL/9qM=", -EINVAL},
	    {"{CRYPT}$5$rounds=1000001$3B6cZOBtExL8u1Sa$zqzJ8xOISOFfnfIeqYQMkEd4OWnzJqtLstiHVfu7tj2", -E2BIG},
	    {"{CRYPT}$5$rounds=12$3B6cZOBtExL8u1Sa$zqzJ8xOISOFfnfIeqYQMkEd4OWnzJqtLstiHVfu7tj2", -EINVAL},
	    {"{CRYPT}$2y$15$r1V3qj.UyyOIRW22Sqe8CuFyqrDcQoFgwPwLGeOnFMGN7I6nKk812", -E2BIG},
	    {"{CRYPT}$2x$05$r1V3qj.UyyOIRW22Sqe8CuFyqrDcQoFgwPwLGeOnFMGN7I6nKk812", -EINVAL},
	    {"{CRYPT}$y$jDT$saltsaltsalt$8jLsvylDjY7cdPeouBOEd8oTMpu4xMaKJu68DMRYr68", -E2BIG},
	    {"{CRYPT}$y$j9T$saltsaltsalt$short", -EINVAL},
	    {"{PBKDF2}$1$salt$2000001$d21774a2086bc8489c68ddd37124a4c6ae77b084", -E2BIG},
	    {"{PBKDF2}$1$salt$0$d21774a2086bc8489c68ddd37124a4c6ae77b084", -EINVAL},
	    {"{ARGON2ID}$argon2id$v=19$m=262145,t=4,p=1$EKogXszaRZ/"
	     "RJGY6rh6eLg$bGNiconVoMV9XlKsW6H1NT2EjYzGtV",
	        -E2BIG},
	    {"{ARGON2ID}$argon2id$v=19$m=32768,t=11,p=1$EKogXszaRZ/"
	     "RJGY6rh6eLg$bGNiconVoMV9XlKsW6H1NT2EjYzGtV",
	        -E2BIG},
	    {"{ARGON2ID}$argon2i$v=19$m=32768,t=4,p=1$EKogXszaRZ/RJGY6rh6eLg$bGNiconVoMV9XlKsW6H1NT2EjYzGtV",
	        -EINVAL},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct foreign_hash h;
		int error = foreign_hash_read(view_from_string(wrong[i].text), &h);
		if (error != wrong[i].error)
			fail_msg("%s: %d", wrong[i].text, error);
		assert_int_equal(foreign_hash_verify(view_from_string(wrong[i].text), VIEW("x")), -EINVAL);
	}
}

/* crypt(3) ends at an octet 0, and would take a longer password for a shorter one. */
static void no_password_is_taken_for_another(void **state)
{
	(void)state;
	struct view text = view_from_string(made[11].text);
	char longer[sizeof right + 4];
	memcpy(longer, right, sizeof right);
	memcpy(longer + sizeof right, "more", 4);
	assert_int_equal(foreign_hash_verify(text, view_of(longer, sizeof longer)), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_others_made_opens),
	    cmocka_unit_test(what_is_cut_or_changed_opens_nothing),
	    cmocka_unit_test(what_is_none_is_refused),
	    cmocka_unit_test(no_password_is_taken_for_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
