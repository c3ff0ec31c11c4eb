<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** The request makes no sense; the message is for whoever sent it. */
final class BadInput extends \InvalidArgumentException
{
}
