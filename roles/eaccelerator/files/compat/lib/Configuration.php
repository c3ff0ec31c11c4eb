<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** What the role wrote for this node, with everything that may be missing filled in. */
final class Configuration
{
    /** @return array with node, provider, directives, settings (names), peers (address and port by name) and secret */
    public static function load(string $file): array
    {
        $found = is_readable($file) ? include $file : null;
        if (!is_array($found)) {
            throw new \RuntimeException('The configuration of this node cannot be read.');
        }
        $found += ['node' => (string) gethostname(), 'provider' => 'compat'];
        return $found + ['directives' => [], 'settings' => [], 'peers' => [], 'secret' => ''];
    }
}
