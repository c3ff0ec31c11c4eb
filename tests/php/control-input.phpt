--TEST--
A field that makes no sense is refused with a reason
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

foreach (
    [
        [],
        ['q' => 'a', 'sort' => 'path', 'page' => '3'],
        ['page' => '0'],
        ['page' => '99999999999999999999999'],
        ['page' => '-1'],
        ['page' => ''],
        ['q' => ['a']],
        ['q' => "\xff"],
        ['q' => "a\0"],
        ['q' => str_repeat('a', 201)],
        ['sort' => 'size'],
        ['order' => ''],
    ] as $source
) {
    try {
        echo json_encode(Input::listing($source)), "\n";
    } catch (BadInput $error) {
        echo $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
{"q":"","sort":"hits","order":"desc","page":1}
{"q":"a","sort":"path","order":"asc","page":3}
{"q":"","sort":"hits","order":"desc","page":1}
{"q":"","sort":"hits","order":"desc","page":1000000}
page must be a number.
page must be a number.
q must be given once.
q is not valid UTF-8.
q is not valid UTF-8.
q is longer than 200 bytes.
sort must be one of: hits, path, memory, used.
order must be one of: desc, asc.
