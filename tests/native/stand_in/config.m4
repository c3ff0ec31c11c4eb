dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl SPDX-FileCopyrightText: The lvs.ha_web authors
dnl
dnl A stand-in for eAccelerator, for tests alone: it caches nothing.

PHP_ARG_ENABLE([eaccelerator], [whether to build the stand-in for eAccelerator],
  [AS_HELP_STRING([--enable-eaccelerator], [build the stand-in for eAccelerator])])

if test "$PHP_EACCELERATOR" != "no"; then
  dnl What PHP's headers tell the genuine one, php-config tells this one: a test can have it say anything.
  AC_DEFINE_UNQUOTED(EACCELERATOR_BUILT_FOR, ["`$PHP_CONFIG --version`"], [The version of PHP it is built for])
  AC_DEFINE_UNQUOTED(EACCELERATOR_VERSION_FILE, ["`dirname $PHP_CONFIG`/version"], [Where a test says which PHP it is])
  PHP_NEW_EXTENSION(eaccelerator, eaccelerator.c, $ext_shared,, -DZEND_ENABLE_STATIC_TSRMLS_CACHE=1)
fi
