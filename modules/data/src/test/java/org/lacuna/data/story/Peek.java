package org.lacuna.data.story;
import org.lacuna.data.random.SplitMix;
import java.util.*;
public class Peek { public static void main(String[] a) {
 StoryWriter w = new StoryWriter(SplitMix.stream(1,0));
 for (int i=0;i<6;i++){ w.next(); System.out.println(new String(w.text(),0,w.length())+"\n   -- "+w.nats()+" nats "+w.length()+" bytes\n"); }
 long n=0; double h=0; int stories=0; TreeSet<String> forms=new TreeSet<>(); int min=9999,max=0; double minN=1e9;
 for (int i=0;i<20000;i++){ w.next(); n+=w.length()+1; h+=w.nats(); stories++; min=Math.min(min,w.length()); max=Math.max(max,w.length()); minN=Math.min(minN,w.nats());
  for (String s: new String(w.text(),0,w.length()).toLowerCase().split("[^a-z]+")) forms.add(s);
  if (i<3000) { StoryReader r=StoryReader.read(Arrays.copyOf(w.text(),w.length())); if(Math.abs(r.nats()-w.nats())>1e-9) throw new Error(); } }
 System.out.println(n+" tokens, "+stories+" stories, "+h/n+" nats/token, forms "+forms.size()+" min "+min+" max "+max+" minN "+minN);
 long t=System.nanoTime(); long b=0; for(int i=0;i<50000;i++){w.next(); b+=w.length();} System.out.println(b/((System.nanoTime()-t)/1e9)/1e6+" MB/s");
}}
