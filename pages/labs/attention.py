"""The attention lab: neural ODE attention beside classic attention."""

from playground.ui.labs.attention import attention_page

attention_page()
