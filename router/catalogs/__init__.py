"""Bundled catalogs: one TOML file for each seller, or for each family of models where its makers sell it themselves.

What is in them was gathered through 2026-11-23 from price pages, documentation and the price map of litellm 1.109.1; each price has
its date and source, the catalog's where it has none of its own.

Confidence
    Only what a seller's own page states, or what second-hand sources agree on. Where sources conflict the seller's own page goes before
    others and the later date before the earlier; the choice stands beside the price.
Dates
    A page dated by month counts as seen on the month's first day, a range of months on the first day of the last. One that is dated
    2026 only counts as seen on 2026-11-23, the day the gathering ended, or on an earlier day that the file gives reasons for; prices of
    Kling 4.0 seen in October or November count as seen on its day of launch, 2026-10-15.
Sound
    A model that always makes sound has offers with ``audio = true`` only; one price for both is two offers. Where nothing is said of
    sound an offer counts as silent.
Lengths
    Those that a source states. A price without them cannot be offered and is left out.
Left out
    What no field can say: a chosen voice, video that goes in and is billed besides. Sellers of whom only unconfirmed prices are known:
    kie.ai, APIMart, Luma. Those whose prices come without lengths: Runware (Kling O3), and the models named in the files. Those whose
    prices were not seen: AtlasCloud, Pika, WaveSpeed's Kling. Alibaba's ``qwen_ai_platform``, which repeats DashScope.
"""
